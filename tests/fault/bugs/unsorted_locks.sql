-- Stock rows are locked in the order of the basket.
-- scenario: crossing
-- function: inventory._lock_stock
-- replace
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
-- by
declare
  v_key inventory.stock_key;
begin
  for v_key in
    select * from (select distinct k.seller_id, k.variant_id from unnest(p_keys) as k) as k order by random()
  loop
    return query
    select s.* from inventory.stock_levels as s
    where s.seller_id = v_key.seller_id and s.variant_id = v_key.variant_id
    for no key update of s;
  end loop;
