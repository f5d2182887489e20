-- Begins the payments of different orders, under different idempotency keys. A refused request gives its key back.
-- Private; called by start_payments. Locks: idempotency keys, orders, payments. Events: see payments._begin_payments.
create or replace function payments._start_once(p_starts payments.starting[], p_now timestamptz)
returns setof payments.payment_start
language plpgsql
volatile
as $$
declare
  v_starts payments.starting[] := payments._claim_starts(p_starts, p_now);
  v_order_ids uuid[];
begin
  v_order_ids := array(select s.order_id from unnest(v_starts) as s where s.outcome = 'FRESH');
  perform orders._lock_orders(v_order_ids);
  perform payments._lock_payments(v_order_ids);
  v_starts := payments._decide_starts(v_starts, p_now);

  delete from core.idempotency_keys as k
   using unnest(v_starts) as s
   where s.outcome = 'FRESH' and s.problem_code is not null
     and k.account_id = s.actor_id and k.route = 'POST /orders/{id}/payment' and k.idempotency_key = s.idempotency_key;
  perform payments._begin_payments(
    array(select s from unnest(v_starts) as s where s.outcome = 'FRESH' and s.problem_code is null), p_now);
  if exists (select from unnest(v_starts) as s where s.outcome = 'REPLAY') then
    update payments.payments as p
       set next_check_at = p_now + make_interval(secs => core._setting_int('payments.check_after_s'))
      from unnest(v_starts) as s
     where s.outcome = 'REPLAY' and p.payment_id = s.payment_id and p.status = 'PENDING';
  end if;
  return query select a.* from payments._answer_starts(v_starts) as a;
end;
$$;
comment on function payments._start_once(payments.starting[], timestamptz) is
  'Begins payments of different orders under different keys and answers each request.';
