-- Hands out payments whose fate is unknown, for the reconciler to ask their provider. Claiming moves the next question
-- ahead, ever farther, by ±10 %: a worker that dies has merely skipped a turn. A payment that checks_max questions did not
-- settle is asked about no more; it is marked and told, and waits for a person.
-- For the worker. Locks: the claimed payments; those in use are skipped. Events: payments.payment_stuck. Problems: none.
create or replace function payments.claim_unresolved(p_limit integer) returns setof payments.payments
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- a plan kept from when a table was small must not scan it when it has grown
as $$
declare
  v_now constant timestamptz := core.now();
  v_after_s constant bigint := core._setting_int('payments.check_after_s');
  v_interval_max_s constant bigint := core._setting_int('payments.check_interval_max_s');
  v_checks_max constant bigint := core._setting_int('payments.checks_max');
  v_due uuid[];
  v_stuck payments.payments;
begin
  v_due := array(
    select p.payment_id
      from payments.payments as p
     where p.next_check_at <= v_now
     order by p.next_check_at
     limit least(greatest(p_limit, 1), 100)
       for no key update skip locked);

  for v_stuck in
    update payments.payments as p
       set next_check_at = null,
           stuck_at = v_now,
           version = p.version + 1,
           updated_at = v_now
     where p.payment_id = any (v_due) and p.checks >= v_checks_max
    returning p.*
  loop
    perform events._append('payment', v_stuck.payment_id, v_stuck.version, 'payments.payment_stuck', null, null,
                           array[v_stuck.buyer_id], payments._payment_payload(v_stuck));
  end loop;
  return query
    update payments.payments as p
       set checks = p.checks + 1,
           next_check_at = v_now + payments._pause(p.payment_id, p.checks, v_after_s, v_interval_max_s)
     where p.payment_id = any (v_due) and p.checks < v_checks_max
    returning p.*;
end;
$$;
comment on function payments.claim_unresolved(integer) is
  'Claims payments whose provider should be asked about them now; the next question moves ahead, or there is none any more.';
grant execute on function payments.claim_unresolved(integer) to tradepost_worker;
