-- plpgsql_check reads every PL/pgSQL body for what creation does not notice: a misspelt column, a wrong type, a
-- variable never used, a STABLE function that writes. Skipped where the checker is not loaded.
begin;
create temporary table findings (name text, lineno integer, level text, message text, detail text);

do $$
begin
  if to_regnamespace('plpgsql_check') is null
     or not exists (select 1 from pg_proc as p
                     where p.pronamespace = to_regnamespace('plpgsql_check')
                       and p.proname = 'plpgsql_check_function_tb') then
    return;
  end if;
  execute $check$
    insert into findings
    select f.name, c.lineno, c.level, c.message, concat_ws(' ', c.detail, c.query)
      from test.functions as f
      cross join plpgsql_check.plpgsql_check_function_tb(
                   f.oid::regprocedure, 0, fatal_errors := false, extra_warnings := true,
                   performance_warnings := false, security_warnings := true) as c
     where f.language = 'plpgsql' and not f.is_trigger
    union all
    select distinct f.name, c.lineno, c.level, c.message, concat_ws(' ', c.detail, c.query)
      from test.functions as f
      join pg_trigger as t on t.tgfoid = f.oid and not t.tgisinternal
      cross join plpgsql_check.plpgsql_check_function_tb(
                   f.oid::regprocedure, t.tgrelid, fatal_errors := false, extra_warnings := true,
                   oldtable := t.tgoldtable, newtable := t.tgnewtable) as c
     where f.language = 'plpgsql' and f.is_trigger and t.tgparentid = 0
  $check$;
  -- A constant such as '{}' is text until it is assigned.
  delete from findings
   where message = 'target type is different type than source type' and detail like 'cast "text" value to %';
end
$$;

select plan(1);
select case
         when to_regnamespace('plpgsql_check') is null
         then skip('plpgsql_check is not loaded: no package of it for this version of PostgreSQL', 1)
         else is_empty('select * from findings order by 1, 2', 'plpgsql_check finds nothing')
       end;
select * from finish();
rollback;
