-- True, or MK422 pricing.filter_invalid when a filter has a value that no row can have. Private.
create or replace function pricing._check_filter(p_value text, p_allowed text[], p_field text)
returns boolean
language plpgsql
immutable
as $$
begin
  if p_value is not null and p_value <> all (p_allowed) then
    perform pricing._invalid('pricing.filter_invalid', p_field, format('One of %s.', array_to_string(p_allowed, ', ')));
  end if;
  return true;
end
$$;
comment on function pricing._check_filter(text, text[], text) is 'Refuses an unknown filter value.';
