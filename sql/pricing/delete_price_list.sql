-- Deletes a price list with its prices. Orders keep the id of the list that they were priced by. For its owner.
-- Locks: the price list. Events: pricing.price_list_deleted.
-- Problems: identity.*, pricing.price_list_not_found, not_your_price_list.
create or replace function pricing.delete_price_list(p_ctx core.call_context, p_price_list_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
  v_list pricing.price_lists := pricing._lock_price_list(v_actor, p_price_list_id, true);
begin
  delete from pricing.list_prices as e where e.price_list_id = p_price_list_id;
  delete from pricing.price_lists as l where l.price_list_id = p_price_list_id;
  v_list.version := v_list.version + 1;
  perform pricing._tell_price_list(p_ctx, v_actor.user_id, 'pricing.price_list_deleted', v_list);
end
$$;
comment on function pricing.delete_price_list(core.call_context, uuid) is 'Deletes a price list with its prices.';
grant execute on function pricing.delete_price_list(core.call_context, uuid) to tradepost_api;
