-- Refuses a name that a buyer group cannot have. Private. Problems: MK422 pricing.group_invalid.
create or replace function pricing._check_group_name(p_name text)
returns void
language plpgsql
stable
as $$
begin
  if length(coalesce(btrim(p_name), '')) not between 1 and 100 then
    perform pricing._invalid('pricing.group_invalid', 'name', 'A name has 1 to 100 characters.');
  end if;
end
$$;
comment on function pricing._check_group_name(text) is 'Refuses a name that a buyer group cannot have.';
