-- Stock rows are locked in the order of the basket.
-- scenario: crossing
-- function: inventory._lock_stock
-- replace
begin
  return query
  select s.*
  from (select distinct k.seller_id, k.variant_id from unnest(p_keys) as k) as k
  join inventory.stock_levels as s
    on s.seller_id = k.seller_id and s.variant_id = k.variant_id
  order by s.variant_id, s.seller_id
  for no key update of s;
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
