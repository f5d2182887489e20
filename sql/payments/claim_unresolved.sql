-- Hands out payments whose fate is unknown, for the reconciler to ask their provider. Claiming moves the next question
-- ahead, ever farther: a worker that dies has merely skipped a turn.
-- For the worker. Locks: the claimed payments; those in use are skipped. Events: none. Problems: none.
create or replace function payments.claim_unresolved(p_limit integer) returns setof payments.payments
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  with due as (
    select p.payment_id
      from payments.payments as p
     where p.next_check_at <= core.now()
     order by p.next_check_at
     limit least(greatest(p_limit, 1), 100)
       for no key update skip locked
  ), moment as (select core.now() as at)
  update payments.payments as p
     set checks = p.checks + 1,
         next_check_at =
           case when p.status = 'PENDING' or p.checks + 1 < core._setting_int('payments.checks_max')
                then m.at + make_interval(secs => least(
                  core._setting_int('payments.check_after_s') * 2 ^ least(p.checks, 20),
                  core._setting_int('payments.check_interval_max_s')))
           end
    from due as d
   cross join moment as m
   where p.payment_id = d.payment_id
  returning p.*
$$;
comment on function payments.claim_unresolved(integer) is
  'Claims payments whose provider should be asked about them now; the next question moves ahead.';
grant execute on function payments.claim_unresolved(integer) to tradepost_worker;
