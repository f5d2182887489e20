-- The next version of a buyer group, whose row is locked. Private.
create or replace function pricing._change_buyer_group(p_group pricing.buyer_groups, p_name text, p_now timestamptz)
returns pricing.buyer_groups
language sql
volatile
as $$
  update pricing.buyer_groups as g
  set name = p_name, version = g.version + 1, updated_at = p_now
  where g.group_code = p_group.group_code
  returning g.*
$$;
comment on function pricing._change_buyer_group(pricing.buyer_groups, text, timestamptz) is 'The next version of a buyer group.';
