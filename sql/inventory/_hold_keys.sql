-- The stock rows that reservations touch, for locking. Private.
create or replace function inventory._hold_keys(p_reservation_ids uuid[])
returns inventory.stock_key[]
language plpgsql
stable
as $$
begin
  return (
  select coalesce(array_agg(distinct row(l.seller_id, l.variant_id)::inventory.stock_key), '{}')
  from inventory.reservations as r
  join inventory.reservation_lines as l
    on l.seller_id = any (r.seller_ids) and l.reservation_id = r.reservation_id
  where r.reservation_id = any (p_reservation_ids));
end
$$;
comment on function inventory._hold_keys(uuid[]) is 'Keys of the stock rows under the given reservations.';
