-- Begins to pay orders: a batch of 1…n requests, each answered on its own row, exactly as if executed one after another in their
-- order. A payment is PENDING until its provider answers. The provider is called by the program after this statement, outside
-- of any transaction, with the payment's id as its idempotency key. Repeated, it answers the payment as it is now, and moves
-- a PENDING one's next_check_at: what the reconciler heard before is out of date then.
-- Each request: actorId, sessionId, requestId, idempotencyKey, orderId, provider, token.
-- A refusal is a row and leaves no key behind: the reasons pass, and a repetition is judged anew.
-- For the buyers of the orders. Locks: idempotency keys, orders, payments.
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
  v_starts payments.starting[];
  v_order_ids uuid[];
begin
  v_starts := payments._claim_starts(payments._parse_starts(p_requests, v_now), v_now);
  v_order_ids := array(select s.order_id from unnest(v_starts) as s where s.outcome = 'FRESH');
  perform orders._lock_orders(v_order_ids);
  perform payments._lock_payments(v_order_ids);
  v_starts := payments._decide_starts(v_starts, v_now);

  delete from core.idempotency_keys as k
   using unnest(v_starts) as s
   where s.outcome = 'FRESH' and s.problem_code is not null
     and k.account_id = s.actor_id and k.route = 'POST /orders/{id}/payment' and k.idempotency_key = s.idempotency_key;
  perform payments._begin_payments(
    array(select s from unnest(v_starts) as s where s.outcome = 'FRESH' and s.problem_code is null), v_now);
  if exists (select from unnest(v_starts) as s where s.outcome = 'REPLAY') then
    update payments.payments as p
       set next_check_at = v_now + make_interval(secs => core._setting_int('payments.check_after_s'))
      from unnest(v_starts) as s
     where s.outcome = 'REPLAY' and p.payment_id = s.payment_id and p.status = 'PENDING';
  end if;
  return query select a.* from payments._answer_starts(v_starts) as a;
end;
$$;
comment on function payments.start_payments(jsonb) is
  'Inserts the PENDING payments of a batch of orders; refusals are rows. One call per request would answer the same.';
grant execute on function payments.start_payments(jsonb) to tradepost_api;
