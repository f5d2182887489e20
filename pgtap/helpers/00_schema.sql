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
