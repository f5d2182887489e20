-- The newest migration this database has, for readiness: a program that needs a newer one is not ready.
-- Anybody with a connection of ours may call. Locks: none. Events: none. Problems: none.
create or replace function core.migration_version()
returns integer
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(max(h.version), 0) from core.refinery_schema_history as h
$$;

comment on function core.migration_version() is 'The newest migration this database has.';
grant execute on function core.migration_version() to tradepost_api, tradepost_worker, tradepost_readonly;
