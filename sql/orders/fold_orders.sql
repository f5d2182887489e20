-- Order headers as of event p_upto (null: all that is committed), folded from the event log alone; see _fold_orders for the columns.
-- is_latest: nothing happened to it after p_upto. Reads the whole log: for reports and inquiries, not for requests.
-- For the worker and reporting. Locks: none. Events: none. Problems: none.
create or replace function orders.fold_orders(p_upto bigint)
returns table (
  order_id uuid, buyer_id uuid, seller_ids uuid[], status text, currency text, subtotal_minor bigint, discount_minor bigint,
  shipping_minor bigint, total_minor bigint, payment_due_at timestamptz, version integer, placed_at timestamptz,
  updated_at timestamptz, is_latest boolean
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select f.* from orders._fold_orders(coalesce(p_upto, 9223372036854775807), null) as f
$$;
comment on function orders.fold_orders(bigint) is 'Order headers as of an event, folded from the log.';
grant execute on function orders.fold_orders(bigint) to tradepost_worker, tradepost_readonly;
