-- Offers at or below their low-stock threshold: a seller's own; for ADMIN those of p_seller_id, or of all.
-- Locks: none (partial index of low rows). Events: none.
-- Problems: MK401 identity.unauthenticated, MK403 identity.role_required, identity.seller_inactive, MK400 core.cursor_invalid.
create or replace function inventory.list_low_stock(
  p_ctx core.call_context, p_seller_id uuid, p_cursor text, p_limit integer
)
returns setof inventory.low_stock
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := inventory._require_stock_reader(p_ctx);
  v_after text[] := core._decode_cursor(p_cursor, array['uuid', 'uuid']);
  v_seller_id uuid := coalesce(v_actor.seller_id, p_seller_id);
  v_keys inventory.stock_key[];
begin
  v_keys := array(
    select row(l.seller_id, l.variant_id)::inventory.stock_key
    from inventory.stock_levels as l
    where l.is_low
      and (v_seller_id is null or l.seller_id = v_seller_id)
      and (p_seller_id is null or l.seller_id = p_seller_id)
      and (v_after is null or (l.seller_id, l.variant_id) > (v_after[1]::uuid, v_after[2]::uuid))
    order by l.seller_id, l.variant_id
    limit core._page_limit(p_limit));
  return query
  select s.variant_id, s.seller_id, s.on_hand, s.reserved, s.available, s.low_stock_threshold, s.is_low, s.version,
         s.updated_at, o.sku, p.title, core._encode_cursor(s.seller_id::text, s.variant_id::text)
  from inventory._stock(v_keys, core.now()) as s
  join catalog.offers as o on o.seller_id = s.seller_id and o.variant_id = s.variant_id
  join catalog.variants as v on v.variant_id = s.variant_id
  join catalog.products as p on p.product_id = v.product_id
  order by s.seller_id, s.variant_id;
end
$$;
comment on function inventory.list_low_stock(core.call_context, uuid, text, integer) is
  'Offers at or below their low-stock threshold, page by page.';
grant execute on function inventory.list_low_stock(core.call_context, uuid, text, integer) to tradepost_api;
