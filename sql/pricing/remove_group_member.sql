-- Takes a buyer out of a group, which makes it another version; one who is not in it is not missed. Called by: ADMIN.
-- Locks: the group. Events: pricing.buyer_group_member_removed. Problems: identity.*, pricing.group_not_found.
create or replace function pricing.remove_group_member(p_ctx core.call_context, p_group_code text, p_buyer_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_group pricing.buyer_groups := pricing._lock_buyer_group(p_group_code);
begin
  delete from pricing.buyer_group_members as m where m.buyer_id = p_buyer_id and m.group_code = p_group_code;
  if found then
    v_group := pricing._change_buyer_group(v_group, v_group.name, core.now());
    perform pricing._tell_buyer_group(p_ctx, v_actor.user_id, 'pricing.buyer_group_member_removed', v_group, p_buyer_id);
  end if;
end
$$;
comment on function pricing.remove_group_member(core.call_context, text, uuid) is 'Takes a buyer out of a group.';
grant execute on function pricing.remove_group_member(core.call_context, text, uuid) to tradepost_api;
