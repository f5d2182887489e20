-- Locks a buyer group against other changes of it and of its members; price lists and orders do not wait. Private.
-- Locks: the group. Problems: pricing.group_not_found.
create or replace function pricing._lock_buyer_group(p_group_code text)
returns pricing.buyer_groups
language plpgsql
volatile
as $$
declare
  v_group pricing.buyer_groups;
begin
  select g.* into v_group from pricing.buyer_groups as g where g.group_code = p_group_code for no key update;
  if not found then
    perform pricing._group_not_found(p_group_code);
  end if;
  return v_group;
end
$$;
comment on function pricing._lock_buyer_group(text) is 'Locks a buyer group.';
