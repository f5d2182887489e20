-- The only door is a granted function: what the program's roles may do, read from the catalogue.
begin;
select plan(15);

create temporary view program_roles as
select r.oid, r.rolname
  from pg_roles as r
 where r.rolname in ('tradepost_api', 'tradepost_worker');

select is((select count(*)::int from program_roles), 2, 'both roles of the program exist');

select is_empty(
  $$ select rolname from pg_roles
      where rolname in ('tradepost_owner', 'tradepost_api', 'tradepost_worker', 'tradepost_readonly')
        and (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls) $$,
  'none of our roles has an attribute that opens a side door');

select ok((select not rolcanlogin from pg_roles where rolname = 'tradepost_owner'), 'the owner cannot log in');

select is_empty(
  $$ select r.rolname, g.rolname
       from pg_roles as r
       join pg_auth_members as m on m.member = r.oid
       join pg_roles as g on g.oid = m.roleid
      where r.rolname in ('tradepost_api', 'tradepost_worker', 'tradepost_readonly') $$,
  'the program''s roles are members of no other role');

select is_empty(
  $$ select r.rolname, c.oid::regclass, p.privilege
       from program_roles as r
       cross join pg_class as c
       join pg_namespace as n on n.oid = c.relnamespace
       cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
                  as p (privilege)
      where c.relkind in ('r', 'p', 'v', 'm', 'f')
        and n.nspname <> 'information_schema' and n.nspname !~ '^(pg_|tap$|test$)'
        and has_table_privilege(r.oid, c.oid, p.privilege)
      order by 1, 2, 3 $$,
  'no right on any table or view');

select is_empty(
  $$ select r.rolname, c.oid::regclass, a.attname, p.privilege
       from program_roles as r
       cross join pg_class as c
       join pg_namespace as n on n.oid = c.relnamespace
       join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) as p (privilege)
      where c.relkind in ('r', 'p', 'v', 'm', 'f')
        and n.nspname = any (test.domains())
        and a.attacl is not null
        and has_column_privilege(r.oid, c.oid, a.attnum, p.privilege)
      order by 1, 2, 3, 4 $$,
  'no right on any single column');

select is_empty(
  $$ select r.rolname, c.oid::regclass, p.privilege
       from program_roles as r
       cross join pg_class as c
       join pg_namespace as n on n.oid = c.relnamespace
       cross join unnest(array['SELECT', 'UPDATE', 'USAGE']) as p (privilege)
      where c.relkind = 'S'
        and n.nspname <> 'information_schema' and n.nspname !~ '^(pg_|tap$|test$)'
        and has_sequence_privilege(r.oid, c.oid, p.privilege)
      order by 1, 2, 3 $$,
  'no right on any sequence');

select is_empty(
  $$ select c.oid::regclass, a.attname
       from pg_class as c
       join pg_namespace as n on n.oid = c.relnamespace
       join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
      where n.nspname = any (test.domains())
        and has_column_privilege('tradepost_readonly', c.oid, a.attnum, 'SELECT')
        and (c.relkind <> 'v' or a.attname ~ '(email|password|display_name|address|token|tracking)')
      order by 1, 2 $$,
  'reporting sees views only, and nothing personal in them');

select set_eq(
  $$ select distinct n.nspname::text
       from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
      where c.relkind = 'v' and n.nspname = any (test.domains()) and has_table_privilege('tradepost_readonly', c.oid, 'SELECT') $$,
  array['catalog', 'core', 'inventory', 'orders', 'payments'], 'it sees catalogue, stock, orders, the ledger and deadlines');

select is_empty(
  $$ select r.rolname, n.nspname
       from (select oid, rolname from program_roles
             union all
             select oid, rolname from pg_roles where rolname = 'tradepost_readonly') as r
       cross join pg_namespace as n
      where n.nspname !~ '^pg_(toast_)?temp_'
        and has_schema_privilege(r.oid, n.oid, 'CREATE')
      order by 1, 2 $$,
  'no CREATE in any schema');

select is_empty(
  $$ select r.rolname, p.privilege
       from program_roles as r
       cross join unnest(array['CREATE', 'TEMPORARY']) as p (privilege)
      where has_database_privilege(r.oid, current_database(), p.privilege)
      order by 1, 2 $$,
  'neither CREATE nor TEMPORARY in the database');

select is_empty(
  $$ select f.signature
       from test.functions as f
      where f.acl is null or exists (select 1 from aclexplode(f.acl) as a where a.grantee = 0) $$,
  'no function is executable by PUBLIC');

select is_empty(
  $$ select pg_get_userbyid(d.defaclrole)
       from pg_default_acl as d
      where d.defaclobjtype = 'f'
        and exists (select 1 from aclexplode(d.defaclacl) as a where a.grantee = 0) $$,
  'no default gives new functions to PUBLIC');

select isnt_empty(
  $$ select 1 from pg_default_acl as d
      where d.defaclobjtype = 'f' and d.defaclnamespace = 0
        and pg_get_userbyid(d.defaclrole) = 'tradepost_owner' $$,
  'new functions of the owner are withheld from PUBLIC by a global default');

select is_empty(
  $$ select c.oid::regclass, a.attname
       from pg_class as c
       join pg_namespace as n on n.oid = c.relnamespace
       join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where n.nspname = any (test.domains())
        and has_column_privilege('tradepost_readonly', c.oid, a.attnum, 'SELECT')
        and a.attname ~ '(email|password|phone|address|token|secret|full_name|display_name|recipient|client_ip)'
      order by 1, 2 $$,
  'the reporting role sees no personal data');

select * from finish();
rollback;
