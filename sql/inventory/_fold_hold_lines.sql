-- The lines of reservations as the log tells them up to p_upto, lines of one stock row summed. status is the reservation's.
-- is_freed: the line gave its units back. An expired hold's to a sale that needed them (inventory.holds_reclaimed; sold
-- again, they are its own), a sold one's because its seller's part of the order was cancelled alone (fulfilment_cancelled).
-- Private; meant to be inlined into the caller's statement. Locks: none.
create or replace function inventory._fold_hold_lines(p_upto bigint)
returns table (
  reservation_id uuid, seller_id uuid, variant_id uuid, quantity integer, status text, is_freed boolean, is_latest boolean
)
language sql
stable
as $$
  select l.reservation_id, l.seller_id, l.variant_id, l.quantity, l.status,
         case when l.status in ('HELD', 'EXPIRED', 'RELEASED') then coalesce(f.is_freed, false) else coalesce(c.is_freed, false) end,
         l.is_latest and coalesce(f.is_freed, true) and coalesce(c.is_freed, true)
    from (select h.reservation_id, h.status, h.is_latest, l.seller_id, l.variant_id, l.quantity
            from inventory._fold_holds(p_upto) as h
           cross join lateral (
             select x."sellerId" as seller_id, x."variantId" as variant_id, sum(x.quantity)::integer as quantity
               from jsonb_to_recordset(h.lines) as x ("sellerId" uuid, "variantId" uuid, quantity integer)
              group by 1, 2) as l) as l
    left join (select r.id::uuid as reservation_id, (e.payload ->> 'sellerId')::uuid as seller_id,
                      (e.payload ->> 'variantId')::uuid as variant_id, bool_or(e.position <= p_upto) as is_freed
                 from events.recorded as e
                cross join lateral jsonb_array_elements_text(e.payload -> 'reservationIds') as r (id)
                where e.type = 'inventory.holds_reclaimed'
                group by 1, 2, 3) as f
      on f.reservation_id = l.reservation_id and f.seller_id = l.seller_id and f.variant_id = l.variant_id
    left join (select (e.payload ->> 'orderId')::uuid as reservation_id, (e.payload ->> 'sellerId')::uuid as seller_id,
                      bool_or(e.position <= p_upto) as is_freed
                 from events.recorded as e
                where e.aggregate_type = 'fulfilment' and split_part(e.type, '.', 2) = 'fulfilment_cancelled'
                group by 1, 2) as c
      on c.reservation_id = l.reservation_id and c.seller_id = l.seller_id
$$;
comment on function inventory._fold_hold_lines(bigint) is 'Lines of reservations folded from the log up to a number.';
