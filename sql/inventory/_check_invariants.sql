-- The invariants of inventory. Called by core.check_invariants. Locks: none.
create or replace function inventory._check_invariants()
returns setof core.invariant_violation
language sql
stable
as $$
  select 'inventory.on_hand_is_sum_of_movements', format('%s/%s', s.variant_id, s.seller_id),
         format('on hand %s, movements %s', s.on_hand, coalesce(m.quantity, 0))
  from inventory.stock_levels as s
  left join (select m.seller_id, m.variant_id, sum(m.quantity_delta) as quantity
             from inventory.movements as m group by m.seller_id, m.variant_id) as m
    on m.seller_id = s.seller_id and m.variant_id = s.variant_id
  where s.on_hand <> coalesce(m.quantity, 0)
  union all
  select 'inventory.reserved_is_sum_of_holds',
         format('%s/%s', coalesce(s.variant_id, h.variant_id), coalesce(s.seller_id, h.seller_id)),
         format('reserved %s, holds %s', coalesce(s.reserved, 0), coalesce(h.quantity, 0))
  from inventory.stock_levels as s
  full join (select l.seller_id, l.variant_id, sum(l.quantity) as quantity
             from inventory.reservation_lines as l
             join inventory.reservations as r on r.reservation_id = l.reservation_id
             where r.status = 'HELD' and l.freed_at is null
             group by l.seller_id, l.variant_id) as h
    on h.seller_id = s.seller_id and h.variant_id = s.variant_id
  where coalesce(s.reserved, 0) <> coalesce(h.quantity, 0)
  union all
  select 'inventory.low_flag_matches_stock', format('%s/%s', s.variant_id, s.seller_id),
         format('available %s, threshold %s, flag %s', s.on_hand - s.reserved, s.low_stock_threshold, s.is_low)
  from inventory.stock_levels as s
  where s.is_low <> (s.on_hand - s.reserved <= s.low_stock_threshold)
  union all
  select 'inventory.reservation_has_lines', r.reservation_id::text, 'No line, or a line of a seller it does not name.'
  from inventory.reservations as r
  left join inventory.reservation_lines as l on l.reservation_id = r.reservation_id
  group by r.reservation_id
  having not coalesce(bool_and(l.seller_id = any (r.seller_ids)), false)
  union all
  select 'inventory.sold_units_have_movements', r.reservation_id::text,
         format('status %s, units %s, movements %s', r.status, l.quantity, coalesce(m.quantity, 0))
  from inventory.reservations as r
  join (select l.reservation_id, coalesce(sum(l.quantity) filter (where l.freed_at is null), 0) as quantity
        from inventory.reservation_lines as l group by l.reservation_id) as l on l.reservation_id = r.reservation_id
  left join (select m.reference_id, sum(m.quantity_delta) as quantity
             from inventory.movements as m where m.reference_id is not null group by m.reference_id) as m
    on m.reference_id = r.reservation_id
  where coalesce(m.quantity, 0) <> case r.status when 'CONFIRMED' then -l.quantity else 0 end
$$;
comment on function inventory._check_invariants() is 'Broken invariants of inventory: stock, holds, flags, movements.';
