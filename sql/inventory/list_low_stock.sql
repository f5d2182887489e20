-- Offers at or below their low-stock threshold: a seller's own; for ADMIN those of p_seller_id, or of all.
-- Locks: none (partial index of low rows). Events: none.
-- Problems: MK401 identity.unauthenticated, MK403 identity.role_required, identity.seller_inactive, MK400 core.cursor_invalid.
create or replace function inventory.list_low_stock(
  p_ctx core.call_context, p_seller_id uuid, p_cursor text, p_limit integer
)
returns table (
  variant_id uuid, seller_id uuid, on_hand integer, reserved integer, available integer, low_stock_threshold integer,
  is_low boolean, version integer, updated_at timestamptz, sku text, title text, page_cursor text
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  with actor as materialized (
    select (inventory._require_stock_reader(p_ctx)).*
  ), cursor as materialized (
    select c.keys[1]::uuid as seller_id, c.keys[2]::uuid as variant_id
    from (select core._decode_cursor(p_cursor, array['uuid', 'uuid']) as keys) as c
  ), page as materialized (
    select l.seller_id, l.variant_id
    from inventory.stock_levels as l, actor as a, cursor as c
    where l.is_low
      and l.seller_id = coalesce(a.seller_id, p_seller_id, l.seller_id)
      and (a.seller_id is null or p_seller_id is null or p_seller_id = a.seller_id)
      and (c.seller_id is null or (l.seller_id, l.variant_id) > (c.seller_id, c.variant_id))
    order by l.seller_id, l.variant_id
    limit core._page_limit(p_limit)
  )
  select s.variant_id, s.seller_id, s.on_hand, s.reserved, s.available, s.low_stock_threshold, s.is_low, s.version,
         s.updated_at, o.sku, p.title, core._encode_cursor(s.seller_id::text, s.variant_id::text)
  from inventory._stock(array(select row(g.seller_id, g.variant_id)::inventory.stock_key from page as g), core.now()) as s
  join catalog.offers as o on o.seller_id = s.seller_id and o.variant_id = s.variant_id
  join catalog.variants as v on v.variant_id = s.variant_id
  join catalog.products as p on p.product_id = v.product_id
  order by s.seller_id, s.variant_id
$$;
comment on function inventory.list_low_stock(core.call_context, uuid, text, integer) is
  'Offers at or below their low-stock threshold, page by page.';
grant execute on function inventory.list_low_stock(core.call_context, uuid, text, integer) to tradepost_api;
