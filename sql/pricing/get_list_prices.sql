-- What an offer costs in a price list; no prices when it is not in it. For the seller of the offer and ADMIN.
-- Locks: none. Events: none. Problems: identity.*, pricing.price_list_not_found, offer_not_found.
create or replace function pricing.get_list_prices(
  p_ctx core.call_context, p_price_list_id uuid, p_variant_id uuid, p_seller_id uuid
)
returns setof pricing.view_listed_offer
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
  v_list pricing.price_lists := pricing._require_price_list(v_actor, p_price_list_id);
begin
  perform pricing._require_listable_offer(v_actor, v_list, p_variant_id, p_seller_id);
  return query
  select p_price_list_id, p_seller_id, p_variant_id, v_list.version, coalesce(e.prices, '[]'), null::text
  from (select 1) as one
  left join pricing.view_listed_offer as e
    on e.price_list_id = p_price_list_id and e.seller_id = p_seller_id and e.variant_id = p_variant_id;
end
$$;
comment on function pricing.get_list_prices(core.call_context, uuid, uuid, uuid) is 'What an offer costs in a price list.';
grant execute on function pricing.get_list_prices(core.call_context, uuid, uuid, uuid) to tradepost_api;
