-- The schema `test`: what the tests of pgtap/ share. Loaded before a run and never part of a deployment.
-- Everything here is called qualified (test.ctx(...)), runs as whoever runs the tests (a superuser or the owner),
-- and is undone by the test's own rollback. Domains add their helpers in pgtap/helpers/NN_<domain>.sql.
create schema if not exists test;
comment on schema test is 'Helpers of the pgTAP tests; not part of a deployment.';

-- The names of our schemas, for lints that walk the catalogue.
create or replace function test.domains() returns text[]
language sql immutable
as $$
  select array['core', 'identity', 'catalog', 'inventory', 'pricing', 'orders', 'payments', 'events'];
$$;

-- Functions and procedures of our schemas, without those that an extension brought. Private are those that begin with
-- an underscore, and two that every function uses by a plain name.
create or replace view test.functions as
select p.oid,
       n.nspname::text as schema_name,
       p.proname::text as function_name,
       n.nspname || '.' || p.proname as name,
       p.oid::regprocedure as signature,
       p.proname like '\_%' or n.nspname || '.' || p.proname in ('core.now', 'core.new_id') as is_private,
       p.prorettype = 'trigger'::regtype or p.prorettype = 'event_trigger'::regtype as is_trigger,
       p.prosecdef as is_definer,
       p.provolatile as volatility,
       l.lanname::text as language,
       p.proconfig as settings,
       p.proargnames as argument_names,
       p.proargmodes as argument_modes,
       p.proacl as acl,
       p.proowner as owner,
       p.prosrc as body,
       obj_description(p.oid, 'pg_proc') as comment
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
  join pg_catalog.pg_language as l on l.oid = p.prolang
 where n.nspname = any (test.domains())
   and not exists (select 1 from pg_catalog.pg_depend as d
                    where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e');

-- Tables of our schemas. Partitions follow their parent and are left out, and so is the migration tool's own table.
create or replace view test.tables as
select c.oid,
       n.nspname::text as schema_name,
       c.relname::text as table_name,
       n.nspname || '.' || c.relname as name,
       c.relowner as owner,
       obj_description(c.oid, 'pg_class') as comment
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where n.nspname = any (test.domains())
   and c.relkind in ('r', 'p')
   and not c.relispartition
   and c.relname <> 'refinery_schema_history';

-- A test finds an empty marketplace, whatever the database holds: before it plans, all rows but those that come with a deployment
-- (settings, currencies, transitions, types) are out of its sight, and its rollback brings them back. Costs nothing where nothing is
-- to hide. Emptied tables are locked against everybody until the rollback: not for a database that is serving.
create or replace function test.hide_data() returns void
language plpgsql
as $$
declare
  v_table record;
  v_tables text[] := '{}';
  v_guarded regclass[];
  v_is_filled boolean;
begin
  for v_table in
    select t.name from test.tables as t
     where t.name not like '%\_transitions'
       and (t.schema_name <> 'core' or t.table_name = 'idempotency_keys')
       and t.name not in ('events.head', 'events.tail', 'events.event_types')
  loop
    execute format('select exists (select from %s)', v_table.name) into v_is_filled;
    if v_is_filled then
      v_tables := v_tables || v_table.name;
    end if;
  end loop;
  if v_tables = '{}' then
    return;
  end if;
  v_guarded := array(select distinct g.tgrelid::regclass from pg_catalog.pg_trigger as g
                      where not g.tgisinternal and g.tgtype & 32 <> 0
                        and g.tgrelid::regclass::text like any (select s || '.%' from unnest(test.domains()) as s));
  for v_table in select g.name from unnest(v_guarded) as g (name) loop
    execute format('alter table %s disable trigger user', v_table.name);
  end loop;
  execute format('truncate %s cascade', array_to_string(v_tables, ', '));
  for v_table in select g.name from unnest(v_guarded) as g (name) loop
    execute format('alter table %s enable trigger user', v_table.name);
  end loop;
  update events.head set seq = 0, hash = '', updated_at = null;
  update events.tail set seq = 0, hash = '', archived_at = null;
  update core.clock set clock_offset = '0';
end
$$;

-- Each test's first call, before pgTAP's own: see test.hide_data.
create or replace function test.plan(p_count integer) returns text
language plpgsql
as $$
begin
  perform test.hide_data();
  return tap.plan(p_count);
end
$$;
