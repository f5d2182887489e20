-- Stock rows as their sellers see them: units under expired holds count as available, whether or not somebody has tidied them up.
-- One row per key that has an offer; zeros and version 0 where no stock was ever set. Private; reads only.
create or replace function inventory._stock(p_keys inventory.stock_key[], p_now timestamptz)
returns setof inventory.stock
language sql
stable
as $$
  select k.variant_id, k.seller_id,
         coalesce(s.on_hand, 0),
         coalesce(s.reserved - e.quantity, 0),
         coalesce(s.on_hand - s.reserved + e.quantity, 0),
         coalesce(s.low_stock_threshold, core._setting_int('inventory.low_stock_default')::integer),
         coalesce(s.on_hand - s.reserved + e.quantity <= s.low_stock_threshold, true),
         coalesce(s.version, 0),
         s.updated_at
  from unnest(p_keys) with ordinality as k (seller_id, variant_id, n)
  join catalog.offers as o on o.seller_id = k.seller_id and o.variant_id = k.variant_id
  left join inventory.stock_levels as s on s.seller_id = k.seller_id and s.variant_id = k.variant_id
  left join lateral (
    select coalesce(sum(l.quantity), 0)::integer as quantity
    from inventory.reservations as r
    join inventory.reservation_lines as l
      on l.reservation_id = r.reservation_id and l.seller_id = k.seller_id and l.variant_id = k.variant_id
    where r.status = 'HELD' and r.expires_at <= p_now and l.freed_at is null
  ) as e on true
  order by k.n
$$;
comment on function inventory._stock(inventory.stock_key[], timestamptz) is
  'Stock rows with live numbers: expired holds are available.';
