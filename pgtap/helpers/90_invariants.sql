-- What a domain's invariants find after a statement that breaks something, which is then undone. For tests that prove
-- that each check can fail: what a trigger protects is first laid bare with test.disarm.
create or replace function test.broken(p_domain text, p_statement text default 'select') returns text[]
language plpgsql
as $$
declare
  v_found text[];
begin
  begin
    execute p_statement;
    execute format('select array_agg(distinct v.invariant order by v.invariant) from %I._check_invariants() as v', p_domain)
      into v_found;
    raise exception 'undo' using errcode = 'ZZ000';
  exception when sqlstate 'ZZ000' then return coalesce(v_found, '{}');
  end;
end
$$;

-- Switches off the triggers of these tables, as their owner may, until the test's own rollback.
create or replace function test.disarm(variadic p_tables regclass[]) returns void
language plpgsql
as $$
declare
  v_table regclass;
begin
  foreach v_table in array p_tables loop
    execute format('alter table %s disable trigger user', v_table);
  end loop;
end
$$;
