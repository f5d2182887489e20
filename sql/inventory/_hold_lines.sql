-- The lines of reservations that still hold units, in the order of the reservations given. Private.
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
  join inventory.reservations as r on r.reservation_id = given.reservation_id
  join inventory.reservation_lines as l
    on l.seller_id = any (r.seller_ids) and l.reservation_id = r.reservation_id
  where l.freed_at is null);
end
$$;
comment on function inventory._hold_lines(uuid[]) is 'Unfreed lines of the given reservations.';
