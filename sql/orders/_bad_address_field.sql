-- Where a shipping address is wrong: the pointer below it to the first bad field, '' when the address as a whole is, null when
-- all is well. Texts of bounded length, without control characters: they end up on labels. Private.
create or replace function orders._bad_address_field(p_address jsonb)
returns text
language plpgsql
immutable
as $$
begin
  if jsonb_typeof(p_address) is distinct from 'object' then
    return '';
  end if;
  return (
    select '/' || coalesce(f.field, a.field)
    from (values (1, 'name', 100, true), (2, 'line1', 200, true), (3, 'line2', 200, false), (4, 'city', 100, true),
                 (5, 'region', 100, false), (6, 'postalCode', 20, false), (7, 'countryCode', 2, true), (8, 'phone', 30, false)
         ) as f (n, field, length_max, is_required)
    full join jsonb_each(p_address) as a (field, value) on a.field = f.field
    where f.field is null
       or (f.is_required and coalesce(a.value #>> '{}', '') !~ '\S')
       or jsonb_typeof(a.value) not in ('string', 'null')
       or length(a.value #>> '{}') > f.length_max
       or a.value #>> '{}' ~ '[\x01-\x1f\x7f]'
       or (f.field = 'countryCode' and a.value #>> '{}' !~ '^[A-Z]{2}$')
    order by f.n
    limit 1);
end
$$;
comment on function orders._bad_address_field(jsonb) is
  'The pointer to what is wrong with a shipping address, relative to it; null when nothing is.';
