-- The time by which all rules decide: the start of the statement, moved by core.clock (which tests set).
-- Called by other functions only, so it needs no rights of its own; STABLE within a statement.
-- PL/pgSQL keeps the plan of its one query; a language sql body would be planned in every calling query.
-- Locks: none. Events: none. Problems: none.
create or replace function core.now()
returns timestamptz
language plpgsql
stable
parallel safe
as $$
begin
  return pg_catalog.statement_timestamp() + (select c.clock_offset from core.clock as c);
end
$$;

comment on function core.now() is
  'The time by which all rules decide: start of the statement plus core.clock.clock_offset.';
