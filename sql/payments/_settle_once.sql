-- Applies settlements of different orders. The money arrived: the live hold becomes a sale; an ended one is sold again
-- when the stock is there and its coupons have uses left; else, or when the order was cancelled, everything is refunded.
-- That a payment was given up (ABANDONED, FAILED) does not lose its money: it counts all the same, or, when another payment
-- of the order is live or has succeeded, it is surplus and refunded. Declined: the order may be paid again. A payment that
-- has SUCCEEDED stays as it is, whoever asks again.
-- Private; the caller holds the locks of orders and payments. Locks: reservations, stock rows by (variant_id, seller_id),
-- promotion counters.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
-- Events: payments.payment_succeeded, payment_failed, refund_requested; orders.order_paid, order_payment_failed, order_expired.
create or replace function payments._settle_once(p_settlements payments.settlement[], p_now timestamptz)
returns setof payments.confirmation
language plpgsql
volatile
as $$
declare
  v_open uuid[];
  v_held uuid[];
  v_sold uuid[];
  v_gone uuid[] := '{}';
  v_cancelled uuid[];
  v_surplus uuid[];
  v_declined uuid[];
  v_late uuid;
begin
  -- orders that may be sold now, in request order
  select coalesce(array_agg(o.order_id order by s.request_no)
                  filter (where not x.is_surplus and o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED', 'EXPIRED')), '{}'),
         coalesce(array_agg(o.order_id) filter (where not x.is_surplus and o.status = 'CANCELLED'), '{}'),
         coalesce(array_agg(p.payment_id) filter (where x.is_surplus), '{}')
    into v_open, v_cancelled, v_surplus
    from unnest(p_settlements) as s
   cross join lateral (
     select p.payment_id, p.order_id, p.status from payments.payments as p where p.payment_id = s.payment_id offset 0) as p
   cross join lateral (select o.order_id, o.status from orders.orders as o where o.order_id = s.order_id offset 0) as o
   cross join lateral (
     select p.status <> 'PENDING'
            and (o.status not in ('PENDING_PAYMENT', 'PAYMENT_FAILED', 'EXPIRED', 'CANCELLED')
                 or exists (select 1
                              from payments.payments as q
                             where q.order_id = p.order_id and q.status in ('PENDING', 'SUCCEEDED') and not q.is_surplus))
            as is_surplus) as x
   where s.is_success and p.status <> 'SUCCEEDED';
  v_held := inventory._claim_holds(v_open, p_now);
  v_sold := v_held;
  if cardinality(v_held) < cardinality(v_open) then  -- some may be sold again: all that they and the others need, in the order of locks
    perform inventory._lock_stock(inventory._hold_keys(v_open));
    perform pricing._lock_redemptions(array(select o from unnest(v_open) as o where o <> all (v_held)), p_now);
  end if;
  for v_late in
    select o.order_id
      from unnest(v_open) with ordinality as o (order_id, n)
     where o.order_id <> all (v_held)
     order by o.n
  loop
    if not pricing._redeem_again(v_late) then
      v_gone := v_gone || v_late;
    elsif inventory._sell_again(v_late, p_now, null) then
      v_sold := v_sold || v_late;
    else
      v_gone := v_gone || v_late;
      perform pricing._return_redemptions(array[v_late], p_now);
    end if;
  end loop;
  v_declined := array(select s.payment_id
                        from unnest(p_settlements) as s
                       cross join lateral (
                         select p.status from payments.payments as p where p.payment_id = s.payment_id offset 0) as p
                       where not s.is_success and p.status in ('PENDING', 'ABANDONED'));

  perform payments._record_settlements(p_settlements, v_held, v_sold, v_gone, v_cancelled, v_surplus, v_declined, p_now);
  return query
    select a.* from payments._answer_settlements(p_settlements) as a;
end;
$$;
comment on function payments._settle_once(payments.settlement[], timestamptz) is
  'Applies settlements of different orders, all locked by the caller, and answers each one.';
