-- Locks stock rows and says how many units of each can be promised now. When the summed demand exceeds that, expired holds on
-- these rows are reclaimed first, so that an expired hold never blocks a sale.
-- Private. Locks: stock rows by (variant_id, seller_id). p_stock_nos and p_quantities are the demand, pairwise: which key, how many.
-- Returns one number per key, 0 where there is no stock row.
create or replace function inventory._available(
  p_keys inventory.stock_key[], p_stock_nos integer[], p_quantities integer[], p_now timestamptz
)
returns integer[]
language plpgsql
volatile
as $$
declare
  v_available integer[];
begin
  select array_agg(coalesce(s.on_hand - s.reserved, 0) order by k.n) into v_available
  from unnest(p_keys) with ordinality as k (seller_id, variant_id, n)
  left join inventory._lock_stock(p_keys) as s
    on s.seller_id = k.seller_id and s.variant_id = k.variant_id;

  if exists (
    select from unnest(p_stock_nos, p_quantities) as d (stock_no, quantity)
    group by d.stock_no
    having sum(d.quantity) > v_available[d.stock_no]
  ) and inventory._reclaim_expired(p_keys, p_now) > 0 then
    select array_agg(coalesce(s.on_hand - s.reserved, 0) order by k.n) into v_available
    from unnest(p_keys) with ordinality as k (seller_id, variant_id, n)
    left join inventory.stock_levels as s
      on s.seller_id = k.seller_id and s.variant_id = k.variant_id;
  end if;
  return v_available;
end
$$;
comment on function inventory._available(inventory.stock_key[], integer[], integer[], timestamptz) is
  'Locks the stock rows and returns the units available per key, after reclaiming expired holds if the demand needs them.';
