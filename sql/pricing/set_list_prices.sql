-- Replaces what an offer costs in a price list, [{price, minQuantity?}]; none takes it off the list. For the seller of the offer and
-- ADMIN. p_expected_version is the list's.
-- Locks: the price list. Events: pricing.list_prices_changed.
-- Problems: identity.*, pricing.price_list_not_found, offer_not_found, list_prices_invalid, currency_unknown, core.version_stale.
create or replace function pricing.set_list_prices(
  p_ctx core.call_context, p_price_list_id uuid, p_variant_id uuid, p_seller_id uuid, p_expected_version integer, p_prices jsonb
)
returns setof pricing.view_listed_offer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
  v_list pricing.price_lists := pricing._lock_price_list(v_actor, p_price_list_id, false);
  v_prices pricing.list_prices[];
begin
  perform pricing._require_listable_offer(v_actor, v_list, p_variant_id, p_seller_id);
  perform core._assert_version(v_list.version, p_expected_version);
  v_prices := array(select e from pricing._read_list_prices(p_price_list_id, p_variant_id, p_seller_id, p_prices) as e);
  delete from pricing.list_prices as e
  where e.seller_id = p_seller_id and e.price_list_id = p_price_list_id and e.variant_id = p_variant_id;
  insert into pricing.list_prices select e.* from unnest(v_prices) as e;
  update pricing.price_lists as l
  set version = l.version + 1, updated_at = v_now
  where l.price_list_id = p_price_list_id;
  perform events._append(
    'price_list', p_price_list_id, v_list.version + 1, 'pricing.list_prices_changed', v_actor.user_id, p_ctx.request_id,
    array[p_seller_id],
    jsonb_build_object('priceListId', p_price_list_id, 'sellerId', p_seller_id, 'variantId', p_variant_id,
                       'version', v_list.version + 1,
                       'prices', (select coalesce(jsonb_agg(jsonb_build_object(
                                           'currency', e.currency, 'minQuantity', e.min_quantity, 'priceMinor', e.price_minor)
                                           order by e.currency, e.min_quantity), '[]')
                                  from unnest(v_prices) as e)));
  return query select e.* from pricing.get_list_prices(p_ctx, p_price_list_id, p_variant_id, p_seller_id) as e;
end
$$;
comment on function pricing.set_list_prices(core.call_context, uuid, uuid, uuid, integer, jsonb) is
  'Replaces what an offer costs in a price list.';
grant execute on function pricing.set_list_prices(core.call_context, uuid, uuid, uuid, integer, jsonb) to tradepost_api;
