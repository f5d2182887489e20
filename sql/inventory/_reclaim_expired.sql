-- Gives the units of expired holds back to the stock rows that need them now. Expiry is a condition: this is what keeps an
-- expired hold from blocking a sale while the sweeper is away. Only the lines on these rows are freed, because only these
-- rows are locked; the sweeper ends the rest of each reservation.
-- Private; the caller holds the rows' locks (a line changes only under the lock of its stock row). Locks: the reservations, for key
-- share; one that is being confirmed is passed over (inventory._claim_holds relies on it), one that is being ended is not.
-- Events: inventory.holds_reclaimed, one for each stock row.
create or replace function inventory._reclaim_expired(p_keys inventory.stock_key[], p_now timestamptz)
returns integer
language plpgsql
volatile
as $$
declare
  v_freed inventory.hold_line[];
begin
  with ended as materialized (
    select l.seller_id, l.reservation_id, l.variant_id
    from inventory.reservations as r
    cross join lateral (
      select l.seller_id, l.reservation_id, l.variant_id
      from unnest(p_keys) as k
      join inventory.reservation_lines as l
        on l.seller_id = k.seller_id and l.reservation_id = r.reservation_id and l.variant_id = k.variant_id
      where l.freed_at is null
      offset 0
    ) as l
    where r.status = 'HELD' and r.expires_at <= p_now
    for key share of r skip locked
  ), freed as (
    update inventory.reservation_lines as l
    set freed_at = p_now
    from ended as e
    where l.seller_id = e.seller_id and l.reservation_id = e.reservation_id and l.variant_id = e.variant_id
    returning l.reservation_id, l.seller_id, l.variant_id, l.quantity
  )
  select array_agg(row(f.reservation_id, f.seller_id, f.variant_id, f.quantity)::inventory.hold_line) into v_freed
  from freed as f;

  if v_freed is null then
    return 0;
  end if;
  perform inventory._move_stock(
    array(select row(f.seller_id, f.variant_id, 0, -f.quantity)::inventory.stock_move from unnest(v_freed) as f), p_now);
  insert into events.outbox (drafts)
  select array_agg(row(
         'inventory.holds_reclaimed', 'stock', inventory._stock_id(s.seller_id, s.variant_id), s.change_no, null, null, array[s.seller_id],
         jsonb_build_object('variantId', s.variant_id, 'sellerId', s.seller_id, 'units', f.units,
                            'reservationIds', f.reservation_ids),
         p_now)::events.draft order by s.variant_id, s.seller_id)
  from (select f.seller_id, f.variant_id, sum(f.quantity) as units,
               to_jsonb(array_agg(f.reservation_id order by f.reservation_id)) as reservation_ids
        from unnest(v_freed) as f
        group by f.seller_id, f.variant_id) as f
  join inventory.stock_levels as s on s.seller_id = f.seller_id and s.variant_id = f.variant_id
  having count(*) > 0;
  return cardinality(v_freed);
end
$$;
comment on function inventory._reclaim_expired(inventory.stock_key[], timestamptz) is
  'Frees the lines of expired HELD reservations on the given, locked stock rows; returns how many lines were freed.';
