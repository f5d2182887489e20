-- Every function of every domain keeps the house rules. A failure lists the offenders.
begin;
select plan(12);

select is_empty(
  $$ select name from test.functions group by name having count(*) > 1 order by 1 $$,
  'no name is overloaded');

select is_empty(
  $$ select name from test.functions
      where not is_private and not is_trigger and not is_definer
      order by 1 $$,
  'public functions are SECURITY DEFINER');

select is_empty(
  $$ select name, settings from test.functions
      where not is_private and not is_trigger
        and not exists (select 1 from unnest(settings) as s where s ~ '^search_path=.*\mpg_temp$')
      order by 1 $$,
  'public functions fix their search_path, with pg_temp last');

select is_empty(
  $$ select name from test.functions
      where not is_private and not is_trigger and coalesce(comment, '') = ''
      order by 1 $$,
  'public functions have a comment');

select is_empty(
  $$ select f.name from test.functions as f
      where not f.is_private and not f.is_trigger
        and not has_function_privilege('tradepost_api', f.oid, 'EXECUTE')
        and not has_function_privilege('tradepost_worker', f.oid, 'EXECUTE')
        and not has_function_privilege('tradepost_readonly', f.oid, 'EXECUTE')
      order by 1 $$,
  'public functions are granted to the program');

select is_empty(
  $$ select f.name, r.rolname
       from test.functions as f
       cross join (values ('tradepost_api'), ('tradepost_worker'), ('tradepost_readonly')) as r (rolname)
      where (f.is_private or f.is_trigger) and has_function_privilege(r.rolname, f.oid, 'EXECUTE')
      order by 1, 2 $$,
  'private helpers and trigger functions are granted to nobody');

select is_empty(
  $$ select name from test.functions
      where is_private and (is_definer or settings is not null)
      order by 1 $$,
  'private helpers run as their caller, without settings of their own');

select is_empty(
  $$ select name from test.functions
      where acl is null or exists (select 1 from aclexplode(acl) as a where a.grantee = 0)
      order by 1 $$,
  'no function is executable by PUBLIC');

select is_empty(
  $$ select f.name, a.argument_name
       from test.functions as f
       cross join unnest(f.argument_names, f.argument_modes) as a (argument_name, argument_mode)
      where coalesce(a.argument_mode, 'i') in ('i', 'v', 'b')
        and a.argument_name !~ '^p_'
      order by 1, 2 $$,
  'parameters are named p_');

select is_empty(
  $$ select name, language from test.functions where language not in ('sql', 'plpgsql') order by 1 $$,
  'functions are written in SQL or PL/pgSQL');

select is_empty(
  $$ select name from test.functions where pg_get_userbyid(owner) <> 'tradepost_owner' order by 1 $$,
  'functions belong to tradepost_owner');

select is_empty(
  $$ select f.name, left(m.statement[1], 80)
       from test.functions as f
       join pg_proc as p on p.oid = f.oid
       cross join regexp_matches(p.prosrc, 'raise exception ((?:[^;'']|''[^'']*'')*);', 'g') as m (statement)
      where m.statement[1] ~ 'errcode *= *''MK' and not (m.statement[1] ~ '\mdetail *=' and m.statement[1] ~ '\mhint *=')
      order by 1, 2 $$,
  'every refusal tells what is wrong and what to do next');

select * from finish();
rollback;
