-- The offers in a price list with their prices: all of it for ADMIN, of the marketplace's lists a seller's own offers.
-- Locks: none. Events: none. Problems: identity.*, pricing.price_list_not_found, core.cursor_invalid.
create or replace function pricing.list_listed_offers(
  p_ctx core.call_context, p_price_list_id uuid, p_cursor text, p_limit integer
)
returns setof pricing.view_listed_offer
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
  v_after text[] := core._decode_cursor(p_cursor, array['uuid', 'uuid']);
begin
  perform pricing._require_price_list(v_actor, p_price_list_id);
  return query
  select e.*
  from pricing.view_listed_offer as e
  where e.price_list_id = p_price_list_id
    and (v_actor.role = 'ADMIN' or e.seller_id = v_actor.seller_id)
    and (v_after is null or (e.variant_id, e.seller_id) > (v_after[1]::uuid, v_after[2]::uuid))
  order by e.variant_id, e.seller_id
  limit core._page_limit(p_limit);
end
$$;
comment on function pricing.list_listed_offers(core.call_context, uuid, text, integer) is 'A page of the offers in a price list.';
grant execute on function pricing.list_listed_offers(core.call_context, uuid, text, integer) to tradepost_api;
