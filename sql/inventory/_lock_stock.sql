-- Locks stock rows and returns them as they are now, in the one global order.
-- Private. Locks: stock rows by (variant_id, seller_id), one after another in the order of the keys. Keys without a row yield nothing.
-- OFFSET 0: always a lookup by key, whatever was in the table when the statement was planned.
create or replace function inventory._lock_stock(p_keys inventory.stock_key[])
returns setof inventory.stock_levels
language plpgsql
volatile
as $$
begin
  return query
  select s.*
  from (
    select distinct k.seller_id, k.variant_id from unnest(p_keys) as k
    order by k.variant_id, k.seller_id offset 0
  ) as k
  cross join lateral (
    select * from inventory.stock_levels as s
    where s.seller_id = k.seller_id and s.variant_id = k.variant_id
    for no key update offset 0
  ) as s;
end
$$;
comment on function inventory._lock_stock(inventory.stock_key[]) is
  'Locks the stock rows of the keys, ordered by (variant_id, seller_id), and returns their current state.';
