-- Refunds as of event p_upto (null: all that is committed), folded from the event log alone; see _fold_refunds for the columns.
-- is_latest: nothing happened to it after p_upto. Reads the whole log: for reports and inquiries, not for requests.
-- For the worker and reporting. Locks: none. Events: none. Problems: none.
create or replace function payments.fold_refunds(p_upto bigint)
returns table (
  refund_id uuid, payment_id uuid, order_id uuid, amount_minor bigint, currency text, status text, failure_code text,
  seller_ids uuid[], requested_at timestamptz, is_latest boolean
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select f.* from payments._fold_refunds(coalesce(p_upto, 9223372036854775807), null) as f
$$;
comment on function payments.fold_refunds(bigint) is 'Refunds as of an event, folded from the log.';
grant execute on function payments.fold_refunds(bigint) to tradepost_worker, tradepost_readonly;
