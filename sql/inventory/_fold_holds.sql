-- Reservations as the log tells them up to p_upto. An order's hold has no events of its own: it follows the order's, whose
-- types are told apart by what follows the domain. status and resolved_at are null for a hold made after p_upto, which is
-- there all the same, because its stock rows have changed since; is_latest: nothing happened to the hold after p_upto.
-- Private; meant to be inlined into the caller's statement. Locks: none.
create or replace function inventory._fold_holds(p_upto bigint)
returns table (
  reservation_id uuid, is_order boolean, account_id uuid, status text, expires_at timestamptz, created_at timestamptz,
  resolved_at timestamptz, lines jsonb, is_latest boolean
)
language sql
stable
as $$
  select p.aggregate_id,
         p.aggregate_type = 'order',
         p.actor_id,
         m.last[2],
         coalesce(p.payload ->> 'paymentDueAt', p.payload ->> 'expiresAt')::timestamptz,
         p.occurred_at,
         case when m.last[2] <> 'HELD' then m.last[3]::timestamptz end,
         p.payload -> 'lines',
         m.is_latest
    from events.recorded as p
    join (select e.aggregate_id,
                 max(array[lpad(e.position::text, 19, '0'),
                           case split_part(e.type, '.', 2)
                             when 'order_paid' then 'CONFIRMED'
                             when 'order_expired' then 'EXPIRED'
                             when 'order_cancelled' then case e.payload ->> 'paid' when 'true' then 'RETURNED' else 'RELEASED' end
                             when 'reservation_confirmed' then 'CONFIRMED'
                             when 'reservation_released' then 'RELEASED'
                             when 'reservation_expired' then 'EXPIRED'
                             else 'HELD' end,
                           e.occurred_at::text]) filter (where e.position <= p_upto) as last,
                 bool_and(e.position <= p_upto) as is_latest
            from events.recorded as e
           where split_part(e.type, '.', 2) in (
                   'order_placed', 'order_paid', 'order_expired', 'order_cancelled',
                   'stock_reserved', 'reservation_confirmed', 'reservation_released', 'reservation_expired')
             and e.aggregate_type in ('order', 'reservation')
           group by e.aggregate_id) as m on m.aggregate_id = p.aggregate_id
   where split_part(p.type, '.', 2) in ('order_placed', 'stock_reserved') and p.aggregate_type in ('order', 'reservation')
$$;
comment on function inventory._fold_holds(bigint) is 'Reservations folded from the log up to a number.';
