-- Puts a buyer into a group, which makes it another version; one who is in it stays in it, and nothing changes. Called by: ADMIN.
-- Locks: the group. Events: pricing.buyer_group_member_added. Problems: identity.*, pricing.group_not_found, pricing.buyer_not_found.
create or replace function pricing.add_group_member(p_ctx core.call_context, p_group_code text, p_buyer_id uuid)
returns setof pricing.view_buyer_group_member
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor constant identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_group pricing.buyer_groups := pricing._lock_buyer_group(p_group_code);
begin
  if not exists (select from identity.users as u where u.user_id = p_buyer_id and u.role = 'BUYER') then
    raise exception 'pricing.buyer_not_found' using
      errcode = 'MK404', detail = 'There is no such buyer.', hint = 'Send the user id of a buyer.';
  end if;
  insert into pricing.buyer_group_members (buyer_id, group_code, added_at)
  values (p_buyer_id, p_group_code, v_now)
  on conflict do nothing;
  if found then
    v_group := pricing._change_buyer_group(v_group, v_group.name, v_now);
    perform pricing._tell_buyer_group(p_ctx, v_actor.user_id, 'pricing.buyer_group_member_added', v_group, p_buyer_id);
  end if;
  return query
  select m.* from pricing.view_buyer_group_member as m where m.buyer_id = p_buyer_id and m.group_code = p_group_code;
end
$$;
comment on function pricing.add_group_member(core.call_context, text, uuid) is 'Puts a buyer into a group.';
grant execute on function pricing.add_group_member(core.call_context, text, uuid) to tradepost_api;
