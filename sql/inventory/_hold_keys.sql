-- The stock rows that reservations touch, for locking. Private.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
create or replace function inventory._hold_keys(p_reservation_ids uuid[])
returns inventory.stock_key[]
language plpgsql
stable
as $$
begin
  return (
  select coalesce(array_agg(distinct row(l.seller_id, l.variant_id)::inventory.stock_key), '{}')
  from unnest(p_reservation_ids) as given (reservation_id)
  cross join lateral (
    select r.seller_ids from inventory.reservations as r where r.reservation_id = given.reservation_id offset 0
  ) as r
  cross join unnest(r.seller_ids) as s (seller_id)
  cross join lateral (
    select l.seller_id, l.variant_id from inventory.reservation_lines as l
    where l.seller_id = s.seller_id and l.reservation_id = given.reservation_id offset 0
  ) as l);
end
$$;
comment on function inventory._hold_keys(uuid[]) is 'Keys of the stock rows under the given reservations.';
