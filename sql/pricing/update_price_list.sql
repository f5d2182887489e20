-- Replaces what a price list is: name, group, priority, window, whether it counts. Its prices stay. For its owner.
-- Locks: the price list. Events: pricing.price_list_changed.
-- Problems: identity.*, pricing.price_list_not_found, not_your_price_list, price_list_invalid, group_unknown, core.version_stale.
create or replace function pricing.update_price_list(
  p_ctx core.call_context, p_price_list_id uuid, p_expected_version integer, p_document jsonb
)
returns setof pricing.view_price_list
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
  v_list pricing.price_lists := pricing._lock_price_list(v_actor, p_price_list_id, true);
begin
  perform core._assert_version(v_list.version, p_expected_version);
  v_list := pricing._price_list_from(p_document, v_list, core.now());
  v_list.version := v_list.version + 1;
  update pricing.price_lists as l
  set name = v_list.name, group_code = v_list.group_code, priority = v_list.priority, is_active = v_list.is_active,
      starts_at = v_list.starts_at, ends_at = v_list.ends_at, version = v_list.version, updated_at = v_list.updated_at
  where l.price_list_id = p_price_list_id;
  perform pricing._tell_price_list(p_ctx, v_actor.user_id, 'pricing.price_list_changed', v_list);
  return query select l.* from pricing.view_price_list as l where l.price_list_id = p_price_list_id;
end
$$;
comment on function pricing.update_price_list(core.call_context, uuid, integer, jsonb) is 'Replaces what a price list is; its prices stay.';
grant execute on function pricing.update_price_list(core.call_context, uuid, integer, jsonb) to tradepost_api;
