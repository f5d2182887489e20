-- One row per broken invariant of the whole marketplace, none when all is well. Reads everything: for tests, the
-- nightly check and `tradepost doctor`, not for requests. Each domain keeps its own list in <domain>._check_invariants();
-- a domain that gets one adds its line here.
-- For the worker and reporting. Locks: none. Events: none. Problems: none.
create or replace function core.check_invariants()
returns setof core.invariant_violation
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query select v.* from core._check_invariants() as v;
  return query select v.* from identity._check_invariants() as v;
  return query select v.* from catalog._check_invariants() as v;
  return query select v.* from orders._check_invariants() as v;
  return query select v.* from payments._check_invariants() as v;
  return query select v.* from events._check_invariants() as v;
  return query select v.* from inventory._check_invariants() as v;
  return query select v.* from pricing._check_invariants() as v;
end
$$;

comment on function core.check_invariants() is 'One row per broken invariant; none when all is well.';
grant execute on function core.check_invariants() to tradepost_worker, tradepost_readonly;
