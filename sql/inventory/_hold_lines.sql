-- The lines of reservations that still hold units, in the order of the reservations given. Private.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
create or replace function inventory._hold_lines(p_reservation_ids uuid[])
returns inventory.hold_line[]
language plpgsql
stable
as $$
begin
  return (
  select coalesce(array_agg(row(l.reservation_id, l.seller_id, l.variant_id, l.quantity)::inventory.hold_line
                            order by given.n, l.variant_id, l.seller_id), '{}')
  from unnest(p_reservation_ids) with ordinality as given (reservation_id, n)
  cross join lateral (
    select r.seller_ids from inventory.reservations as r where r.reservation_id = given.reservation_id offset 0
  ) as r
  cross join unnest(r.seller_ids) as s (seller_id)
  cross join lateral (
    select * from inventory.reservation_lines as l
    where l.seller_id = s.seller_id and l.reservation_id = given.reservation_id and l.freed_at is null offset 0
  ) as l);
end
$$;
comment on function inventory._hold_lines(uuid[]) is 'Unfreed lines of the given reservations.';
