-- Stock rows as of event p_upto (null: all that is committed), folded from the event log alone; see _fold_stock for the columns.
-- is_latest: nothing happened to it after p_upto. Reads the whole log: for reports and inquiries, not for requests.
-- For the worker and reporting. Locks: none. Events: none. Problems: none.
create or replace function inventory.fold_stock(p_upto bigint)
returns table (
  seller_id uuid, variant_id uuid, on_hand bigint, reserved bigint, low_stock_threshold integer, is_low boolean,
  version integer, is_latest boolean
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select f.* from inventory._fold_stock(coalesce(p_upto, 9223372036854775807)) as f
$$;
comment on function inventory.fold_stock(bigint) is 'Stock rows as of an event, folded from the log.';
grant execute on function inventory.fold_stock(bigint) to tradepost_worker, tradepost_readonly;
