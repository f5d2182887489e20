-- Locks stock rows and returns them as they are now, in the one global order.
-- Private. Locks: stock rows by (variant_id, seller_id). Keys without a row yield nothing.
create or replace function inventory._lock_stock(p_keys inventory.stock_key[])
returns setof inventory.stock_levels
language plpgsql
volatile
as $$
begin
  return query
  select s.*
  from (select distinct k.seller_id, k.variant_id from unnest(p_keys) as k) as k
  join inventory.stock_levels as s
    on s.seller_id = k.seller_id and s.variant_id = k.variant_id
  order by s.variant_id, s.seller_id
  for no key update of s;
end
$$;
comment on function inventory._lock_stock(inventory.stock_key[]) is
  'Locks the stock rows of the keys, ordered by (variant_id, seller_id), and returns their current state.';
