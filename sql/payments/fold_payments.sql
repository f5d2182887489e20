-- Payments as of event p_upto (null: all that is committed), folded from the event log alone; see _fold_payments for the columns.
-- is_latest: nothing happened to it after p_upto. Reads the whole log: for reports and inquiries, not for requests.
-- For the worker and reporting. Locks: none. Events: none. Problems: none.
create or replace function payments.fold_payments(p_upto bigint)
returns table (
  payment_id uuid, order_id uuid, provider text, amount_minor bigint, currency text, status text, failure_code text,
  refunded_minor bigint, is_surplus boolean, version integer, created_at timestamptz, is_latest boolean
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select f.* from payments._fold_payments(coalesce(p_upto, 9223372036854775807), null) as f
$$;
comment on function payments.fold_payments(bigint) is 'Payments as of an event, folded from the log.';
grant execute on function payments.fold_payments(bigint) to tradepost_worker, tradepost_readonly;
