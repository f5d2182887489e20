-- Renames a buyer group; its code stays. Called by: ADMIN. Locks: the group. Events: pricing.buyer_group_changed.
-- Problems: identity.*, pricing.group_not_found, pricing.group_invalid, core.version_stale.
create or replace function pricing.update_buyer_group(
  p_ctx core.call_context, p_group_code text, p_expected_version integer, p_name text
)
returns setof pricing.view_buyer_group
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_group pricing.buyer_groups := pricing._lock_buyer_group(p_group_code);
begin
  perform core._assert_version(v_group.version, p_expected_version);
  perform pricing._check_group_name(p_name);
  v_group := pricing._change_buyer_group(v_group, btrim(p_name), core.now());
  perform pricing._tell_buyer_group(p_ctx, v_actor.user_id, 'pricing.buyer_group_changed', v_group, null);
  return query select g.* from pricing.view_buyer_group as g where g.group_code = p_group_code;
end
$$;
comment on function pricing.update_buyer_group(core.call_context, text, integer, text) is 'Renames a buyer group.';
grant execute on function pricing.update_buyer_group(core.call_context, text, integer, text) to tradepost_api;
