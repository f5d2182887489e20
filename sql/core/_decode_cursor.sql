-- Reads a cursor back into its sort keys, one per type in p_types (uuid, text, integer, bigint, numeric, boolean, date,
-- timestamptz), each proven to be of its type, so that the caller's cast cannot fail. A null cursor (the first page)
-- gives null. Called by other functions only. Locks: none. Events: none.
-- Problems: MK400 core.cursor_invalid.
create or replace function core._decode_cursor(p_cursor text, p_types text[])
returns text[]
language plpgsql
stable
as $$
declare
  v_keys text[];
  v_padded text;
begin
  if p_cursor is null then
    return null;
  end if;
  if p_cursor !~ '^[A-Za-z0-9_-]+$' or length(p_cursor) > 4000 then
    raise exception using errcode = 'data_exception';
  end if;
  v_padded := translate(p_cursor, '-_', '+/') || repeat('=', (4 - length(p_cursor) % 4) % 4);
  select array_agg(e.value order by e.ordinality)
  into v_keys
  from json_array_elements_text(convert_from(decode(v_padded, 'base64'), 'UTF8')::json)
    with ordinality as e (value, ordinality);
  if cardinality(v_keys) is distinct from cardinality(p_types) then
    raise exception using errcode = 'data_exception';
  end if;
  for i in 1 .. cardinality(p_types) loop
    case p_types[i]
      when 'text' then null;
      when 'uuid' then perform v_keys[i]::uuid;
      when 'integer' then perform v_keys[i]::integer;
      when 'bigint' then perform v_keys[i]::bigint;
      when 'numeric' then perform v_keys[i]::numeric;
      when 'boolean' then perform v_keys[i]::boolean;
      when 'date' then perform v_keys[i]::date;
      when 'timestamptz' then perform v_keys[i]::timestamptz;
    end case;
  end loop;
  return v_keys;
exception
  when data_exception then
    raise exception 'core.cursor_invalid'
      using errcode = 'MK400',
        detail = 'The cursor is not one that this list returned.',
        hint = 'Pass nextCursor of the previous page unchanged, or none for the first page.',
        column = 'cursor';
end
$$;

comment on function core._decode_cursor(text, text[]) is
  'The sort keys in a cursor, each proven to be of its type; null for the first page.';
