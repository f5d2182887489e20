-- Refunds whose provider has not answered after payments.refund_attempts_max tries. They are tried on; a person should look.
-- For the program's metrics. Locks: none. Events: none. Problems: none.
create or replace function payments.stuck_refunds() returns bigint
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select count(*)
    from payments.refunds as r
   where r.status = 'PENDING' and r.attempts >= core._setting_int('payments.refund_attempts_max')
$$;
comment on function payments.stuck_refunds() is 'How many refunds are tried again and again without an answer.';
grant execute on function payments.stuck_refunds() to tradepost_api, tradepost_worker, tradepost_readonly;
