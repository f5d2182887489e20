-- Writes what _settle_once decided: payments, ledger, sales, orders, automatic refunds, events.
-- Private; the caller holds all locks but those of the stock that p_held, the sold orders with a live hold, take: whoever sells the
-- same things waits for these until the transaction ends, so they come late, and before the last events.
-- p_sold, p_gone, p_cancelled are orders; p_surplus, p_declined are payments. Locks: stock rows by (variant_id, seller_id).
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
-- long: one write after another, in the order of their events.
create or replace function payments._record_settlements(
  p_settlements payments.settlement[], p_held uuid[], p_sold uuid[], p_gone uuid[], p_cancelled uuid[], p_surplus uuid[],
  p_declined uuid[], p_now timestamptz
) returns void
language plpgsql
volatile
as $$
declare
  v_paid constant uuid[] := array(
    select s.payment_id
      from unnest(p_settlements) as s
     cross join lateral (select p.status from payments.payments as p where p.payment_id = s.payment_id offset 0) as p
     where s.payment_id = any (p_surplus)
        or (p.status <> 'SUCCEEDED' and s.order_id = any (p_sold || p_gone || p_cancelled)));
  v_refused constant uuid[] := p_gone || p_cancelled;
  v_unsold constant uuid[] := array(
    select s.payment_id
      from unnest(p_settlements) as s
     where s.payment_id = any (v_paid) and (s.payment_id = any (p_surplus) or s.order_id = any (v_refused)));
  v_lost uuid[];
begin
  if cardinality(v_paid || p_declined) = 0 then
    return;
  end if;
  with settled as (
    update payments.payments as p
       set status = case when s.is_success then 'SUCCEEDED' else 'FAILED' end,
           provider_reference = coalesce(s.provider_reference, p.provider_reference),
           failure_code = case when not s.is_success then coalesce(s.failure_code, 'unknown') end,
           is_surplus = p.payment_id = any (p_surplus),
           next_check_at = null,
           version = p.version + 1,
           updated_at = p_now
      from unnest(p_settlements) as s
     where s.payment_id = p.payment_id and p.payment_id = any (v_paid || p_declined)
    returning p as payment, s.request_no, s.actor_id, s.request_id
  )
  insert into events.outbox (drafts)
  select array_agg(row(
         case (s.payment).status when 'SUCCEEDED' then 'payments.payment_succeeded' else 'payments.payment_failed' end,
         'payment', (s.payment).payment_id, (s.payment).version, s.actor_id, s.request_id, array[(s.payment).buyer_id],
         payments._payment_payload(s.payment), p_now)::events.draft order by s.request_no)
    from settled as s
  having count(*) > 0;

  perform payments._book_sales(
    array(select p from unnest(v_paid) as p where p <> all (v_unsold)), v_unsold, '{}', p_now);
  perform inventory._sell_holds(p_held, p_now, null);

  -- a payment that came too late finds its order expired, or expires it
  v_lost := array(select o.order_id
                    from (select o.order_id, o.status from orders.orders as o where o.order_id = any (p_gone) offset 0) as o
                   where o.status <> 'EXPIRED');
  perform orders._transition(
    array(select row(o.order_id,
                     case when o.order_id = any (p_sold) then 'pay'
                          when o.order_id = any (v_lost) then 'expire'
                          else 'fail_payment' end,
                     'SYSTEM', s.actor_id, s.request_id, null, null)::orders.transition_request
            from unnest(p_settlements) as s
           cross join lateral (select o.order_id, o.status from orders.orders as o where o.order_id = s.order_id offset 0) as o
           where (o.order_id = any (p_sold || v_lost) and s.payment_id = any (v_paid))
              or (s.payment_id = any (p_declined) and o.status = 'PENDING_PAYMENT')
           order by s.request_no),
    p_now);
  if cardinality(v_lost) > 0 then
    perform pricing._return_redemptions(v_lost, p_now);
  end if;

  if cardinality(v_unsold) > 0 then
    perform payments._request_refunds(
      array(select row(p.payment_id, p.amount_minor,
                       case when p.payment_id = any (p_surplus) then 'SURPLUS_PAYMENT'
                            when p.order_id = any (p_gone) then 'STOCK_GONE' else 'CANCELLED_BEFORE_PAYMENT'
                       end,
                       null, s.request_id, null)::payments.refund_request
              from unnest(p_settlements) as s
             cross join lateral (
               select p.payment_id, p.order_id, p.amount_minor from payments.payments as p where p.payment_id = s.payment_id offset 0) as p
             where s.payment_id = any (v_unsold)
             order by s.request_no),
      p_now);
  end if;
end;
$$;
comment on function payments._record_settlements(payments.settlement[], uuid[], uuid[], uuid[], uuid[], uuid[], uuid[], timestamptz) is
  'Writes the outcome of settlements: payments, order statuses, automatic refunds, ledger and events.';
