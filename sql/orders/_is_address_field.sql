-- Whether a value may stand in a field of an address: a text of bounded length without control characters, or nothing where
-- nothing is asked for. Private. One expression, so that it is inlined.
create or replace function orders._is_address_field(p_value jsonb, p_length_max integer, p_is_required boolean)
returns boolean
language sql
immutable
as $$
  select case coalesce(jsonb_typeof(p_value), 'null')
    when 'string' then length(p_value #>> '{}') <= p_length_max and p_value #>> '{}' !~ '[\x01-\x1f\x7f]'
                       and (not p_is_required or p_value #>> '{}' ~ '\S')
    when 'null' then not p_is_required
    else false end
$$;
comment on function orders._is_address_field(jsonb, integer, boolean) is
  'Whether a value may stand in a field of an address: a text on one line within its length, or null where it is not required.';
