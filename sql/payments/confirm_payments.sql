-- Confirms payments after their provider answered: a batch of 1…n requests, each answered on its own row, exactly as if
-- executed one after another in their order. A refusal is a row and is stored with its idempotency key like a success.
-- Each request: actorId, sessionId, requestId, idempotencyKey, orderId, body (what the client sent; only its digest is
-- used) and settlement {paymentId, amountMinor, currency, isSuccess, failureCode, providerReference}: the provider's word.
-- For the buyers of the orders. Locks: idempotency keys, orders, payments, reservations, stock rows, promotion counters.
-- Events: see payments._settle_once. Problems, as rows: 400 core.idempotency_key_required, core.idempotency_key_invalid;
-- 401; 404 orders.order_not_found; 409 payments.payment_declined, stock_gone_refunded, order_cancelled_refunded,
-- order_already_paid, core.idempotency_in_progress; 422 payments.payment_unknown, reference_unknown, core.idempotency_key_reused.
create or replace function payments.confirm_payments(p_requests jsonb) returns setof payments.confirmation
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_now constant timestamptz := core.now();
  v_requests payments.confirming[];
  v_claims core.idempotency_claim[];
  v_order_ids uuid[];
  v_answers payments.confirmation[];
begin
  v_requests := payments._parse_confirmations(p_requests);
  v_claims := array(
    select c
      from core._claim_idempotency_batch(
             'POST /orders/{id}/confirm-payment',
             array(select row(r.request_no, r.actor_id, r.idempotency_key, r.request_hash,
                              jsonb_build_object('payment_id', r.payment_id))::core.idempotent_request
                     from unnest(v_requests) as r
                    where r.problem_code is null),
             v_now) as c);
  v_requests := payments._refuse_confirmations(v_requests, v_claims);
  v_order_ids := array(
    select r.order_id
      from unnest(v_requests) as r
      join unnest(v_claims) as c using (request_no)
     where c.outcome = 'FRESH' and r.problem_code is null);
  perform orders._lock_orders(v_order_ids);
  perform payments._lock_payments(v_order_ids);

  v_answers := array(
    select s
      from payments._settle(
             array(select row(r.request_no, r.order_id, r.payment_id, r.is_success, r.failure_code, r.provider_reference,
                              r.actor_id, r.request_id)::payments.settlement
                     from unnest(v_requests) as r
                     join unnest(v_claims) as c using (request_no)
                    where c.outcome = 'FRESH' and r.problem_code is null),
             v_now) as s);
  v_answers := v_answers || array(select f from payments._refusals(v_requests) as f);

  -- what is not simply a payment that succeeded is stored whole
  if exists (select from unnest(v_answers) as a where not payments._is_plain(a, v_now)) then
    update core.idempotency_keys as k
       set response = to_jsonb(a)
      from unnest(v_answers) as a
      join unnest(v_requests) as r using (request_no)
      join unnest(v_claims) as c using (request_no)
     where c.outcome = 'FRESH' and not payments._is_plain(a, v_now)
       and k.account_id = r.actor_id and k.route = 'POST /orders/{id}/confirm-payment'
       and k.idempotency_key = r.idempotency_key;
  end if;
  v_answers := v_answers || array(
    select case
             when c.outcome = 'REPLAY' and c.response ? 'status' then jsonb_populate_record(
               null::payments.confirmation,
               c.response || jsonb_build_object('request_no', c.request_no, 'is_replayed', true))
             when c.outcome = 'REPLAY' then payments._plain_answer(c.request_no, (c.response ->> 'payment_id')::uuid, c.claimed_at)
             else jsonb_populate_record(d, jsonb_build_object('request_no', c.request_no, 'is_replayed', true))
           end
      from unnest(v_claims) as c
      left join unnest(v_answers) as d on d.request_no = c.same_as
     where c.outcome in ('REPLAY', 'DUPLICATE'));
  return query select a.* from unnest(v_answers) as a order by a.request_no;
end;
$$;
comment on function payments.confirm_payments(jsonb) is
  'Confirms payments with their providers'' answers, as a batch; refusals are rows. One call per request would answer the same.';
grant execute on function payments.confirm_payments(jsonb) to tradepost_api;
