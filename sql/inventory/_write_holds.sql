-- Writes holds that were decided on: reservations and their lines. Their units are taken by _hold_units, in the same transaction.
-- Private. Locks: none, they are new.
create or replace function inventory._write_holds(
  p_holds inventory.hold[], p_lines inventory.hold_line[], p_now timestamptz
)
returns void
language plpgsql
volatile
as $$
begin
  insert into inventory.reservations
    (reservation_id, account_id, is_order, reference, seller_ids, expires_at, created_at)
  select h.reservation_id, h.account_id, h.is_order, h.reference, h.seller_ids, h.expires_at, p_now
  from unnest(p_holds) as h;

  insert into inventory.reservation_lines (seller_id, reservation_id, variant_id, quantity)
  select l.seller_id, l.reservation_id, l.variant_id, sum(l.quantity)
  from unnest(p_lines) as l
  group by l.seller_id, l.reservation_id, l.variant_id;
end
$$;
comment on function inventory._write_holds(inventory.hold[], inventory.hold_line[], timestamptz) is
  'Inserts HELD reservations with their lines. Lines of one stock row are summed.';
