-- Puts a buyer into a group; one who is in it stays in it. Called by: ADMIN. Locks: the group (shared). Events: none.
-- Problems: identity.*, pricing.group_not_found, pricing.buyer_not_found.
create or replace function pricing.add_group_member(p_ctx core.call_context, p_group_code text, p_buyer_id uuid)
returns setof pricing.view_buyer_group_member
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  perform from pricing.buyer_groups as g where g.group_code = p_group_code for key share;
  if not found then
    perform pricing._group_not_found(p_group_code);
  end if;
  if not exists (select from identity.users as u where u.user_id = p_buyer_id and u.role = 'BUYER') then
    raise exception 'pricing.buyer_not_found' using
      errcode = 'MK404', detail = 'There is no such buyer.', hint = 'Send the user id of a buyer.';
  end if;
  insert into pricing.buyer_group_members (buyer_id, group_code, added_at)
  values (p_buyer_id, p_group_code, core.now())
  on conflict do nothing;
  return query
  select m.* from pricing.view_buyer_group_member as m where m.buyer_id = p_buyer_id and m.group_code = p_group_code;
end
$$;
comment on function pricing.add_group_member(core.call_context, text, uuid) is 'Puts a buyer into a group.';
grant execute on function pricing.add_group_member(core.call_context, text, uuid) to tradepost_api;
