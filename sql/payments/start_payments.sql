-- Begins to pay orders: a batch of 1…n requests, each answered on its own row, exactly as if executed one after another in their
-- order: it is cut where an order or a key comes up again, so that each piece has every one of them once and can be done
-- set-based. Several pieces lock all their orders beforehand: piece by piece would be out of order. A payment is PENDING until
-- its provider answers. The provider is called by the program after this statement, outside of any transaction, with the payment's
-- id as its idempotency key. Repeated, it answers the payment as it is now, and moves
-- a PENDING one's next_check_at: what the reconciler heard before is out of date then.
-- Each request: actorId, sessionId, requestId, idempotencyKey, orderId, provider, token.
-- A refusal is a row and leaves no key behind: the reasons pass, and a repetition is judged anew.
-- For the buyers of the orders. Locks: idempotency keys (never waited for), orders, payments; of several pieces orders and payments first.
-- Events: payments.payment_started; orders.order_payment_retried when an earlier payment had failed.
-- Problems, as rows: 400 core.idempotency_key_required, core.idempotency_key_invalid; 401; 404 orders.order_not_found;
-- 409 core.idempotency_in_progress, payments.payment_in_progress, order_already_paid, order_not_payable,
-- orders.payment_window_over; 422 payments.method_token_invalid, core.idempotency_key_reused.
create or replace function payments.start_payments(p_requests jsonb) returns setof payments.payment_start
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_now constant timestamptz := core.now();
  v_starts constant payments.starting[] := payments._parse_starts(p_requests, v_now);
  v_order_ids uuid[];
  v_from integer := 0;
  v_until integer;
begin
  if (select count(*) > least(count(distinct s.order_id), count(distinct (s.actor_id, s.idempotency_key)))
        from unnest(v_starts) as s
       where s.problem_code is null) then
    v_order_ids := array(select s.order_id from unnest(v_starts) as s where s.problem_code is null);
    perform orders._lock_orders(v_order_ids);
    perform payments._lock_payments(v_order_ids);
  end if;
  loop
    select min(s.request_no)
      into v_until
      from (select r.request_no,
                   greatest(lag(r.request_no) over (partition by r.order_id order by r.request_no),
                            lag(r.request_no) over (partition by r.actor_id, r.idempotency_key order by r.request_no)) as previous_no
              from unnest(v_starts) as r
             where r.problem_code is null) as s
     where s.previous_no >= v_from;
    return query
      select a.*
        from payments._start_once(
               array(select s from unnest(v_starts) as s where s.request_no >= v_from and (v_until is null or s.request_no < v_until)),
               v_now) as a;
    exit when v_until is null;
    v_from := v_until;
  end loop;
end;
$$;
comment on function payments.start_payments(jsonb) is
  'Inserts the PENDING payments of a batch of orders; refusals are rows. One call per request would answer the same.';
grant execute on function payments.start_payments(jsonb) to tradepost_api;
