-- Gives the units of expired holds back to the stock rows that need them now. Expiry is a condition: this is what keeps an
-- expired hold from blocking a sale while the sweeper is away. Only the lines on these rows are freed, because only these
-- rows are locked; the sweeper ends the rest of each reservation.
-- Private; the caller holds the rows' locks (a line changes only under the lock of its stock row).
create or replace function inventory._reclaim_expired(p_keys inventory.stock_key[], p_now timestamptz)
returns integer
language plpgsql
volatile
as $$
declare
  v_moves inventory.stock_move[];
begin
  with freed as (
    update inventory.reservation_lines as l
    set freed_at = p_now
    from inventory.reservations as r, unnest(p_keys) as k
    where r.status = 'HELD' and r.expires_at <= p_now
      and l.reservation_id = r.reservation_id
      and l.seller_id = k.seller_id and l.variant_id = k.variant_id
      and l.freed_at is null
    returning l.seller_id, l.variant_id, l.quantity
  )
  select array_agg(row(f.seller_id, f.variant_id, 0, -f.quantity)::inventory.stock_move) into v_moves
  from freed as f;

  if v_moves is null then
    return 0;
  end if;
  perform inventory._move_stock(v_moves, p_now);
  return cardinality(v_moves);
end
$$;
comment on function inventory._reclaim_expired(inventory.stock_key[], timestamptz) is
  'Frees the lines of expired HELD reservations on the given, locked stock rows; returns how many lines were freed.';
