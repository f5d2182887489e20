-- Where a shipping address is wrong: the pointer below it to the first bad field, '' when the address as a whole is, null when
-- all is well. Texts of bounded length, without control characters: they end up on labels. Private.
-- Expressions, but for a field nobody knows: a query would take four times as long as all the rest, for every order.
create or replace function orders._bad_address_field(p_address jsonb)
returns text
language plpgsql
immutable
as $$
declare
  v_field text;
  v_others jsonb;
begin
  if jsonb_typeof(p_address) is distinct from 'object' then
    return '';
  end if;
  v_field := case
    when not orders._is_address_field(p_address -> 'name', 100, true) then '/name'
    when not orders._is_address_field(p_address -> 'line1', 200, true) then '/line1'
    when not orders._is_address_field(p_address -> 'line2', 200, false) then '/line2'
    when not orders._is_address_field(p_address -> 'city', 100, true) then '/city'
    when not orders._is_address_field(p_address -> 'region', 100, false) then '/region'
    when not orders._is_address_field(p_address -> 'postalCode', 20, false) then '/postalCode'
    when not orders._is_address_field(p_address -> 'countryCode', 2, true)
      or p_address ->> 'countryCode' !~ '^[A-Z]{2}$' then '/countryCode'
    when not orders._is_address_field(p_address -> 'phone', 30, false) then '/phone'
  end;
  v_others := p_address - '{name,line1,line2,city,region,postalCode,countryCode,phone}'::text[];
  if v_field is null and v_others <> '{}' then
    v_field := (select '/' || min(o.field) from jsonb_object_keys(v_others) as o (field));
  end if;
  return v_field;
end
$$;
comment on function orders._bad_address_field(jsonb) is
  'The pointer to what is wrong with a shipping address, relative to it; null when nothing is.';
