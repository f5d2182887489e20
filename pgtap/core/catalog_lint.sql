-- Every table of every domain keeps the house rules. A failure lists the offenders.
begin;
select plan(13);

select is_empty(
  $$ select t.name from test.tables as t
      where not exists (select 1 from pg_constraint as c where c.conrelid = t.oid and c.contype = 'p')
      order by 1 $$,
  'every table has a primary key');

select is_empty(
  $$ select t.name from test.tables as t where coalesce(t.comment, '') = '' order by 1 $$,
  'every table has a comment');

select is_empty(
  $$ select t.name, a.attname, format_type(a.atttypid, a.atttypmod)
       from test.tables as t
       join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      where a.atttypid in ('timestamp'::regtype, 'timetz'::regtype, 'timestamp[]'::regtype)
      order by 1, 2 $$,
  'no column holds a time without its zone');

select is_empty(
  $$ select t.name, a.attname, format_type(a.atttypid, a.atttypmod)
       from test.tables as t
       join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      where a.atttypid in ('float4'::regtype, 'float8'::regtype, 'money'::regtype)
      order by 1, 2 $$,
  'no column is a float or money');

select is_empty(
  $$ select t.name, a.attname, format_type(a.atttypid, a.atttypmod)
       from test.tables as t
       join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      where a.attname like '%\_minor' and a.atttypid <> 'bigint'::regtype
         or a.attname = 'currency' and format_type(a.atttypid, a.atttypmod) <> 'character(3)'
         or a.attname like '%\_at' and a.atttypid <> 'timestamptz'::regtype
         or a.attname like '%\_bp' and a.atttypid <> 'integer'::regtype
      order by 1, 2 $$,
  'amounts are bigint, currencies char(3), rates integer and times timestamptz, as their names say');

select is_empty(
  $$ select t.name, c.conname
       from test.tables as t
       join pg_constraint as c on c.conrelid = t.oid and c.contype = 'f'
      where not exists (
              select 1
                from pg_index as i
               where i.indrelid = c.conrelid
                 and i.indisvalid
                 and i.indnkeyatts >= cardinality(c.conkey)
                 and (select array_agg(k.attnum order by k.attnum)
                        from unnest(i.indkey::int2[]) with ordinality as k (attnum, position)
                       where k.position <= cardinality(c.conkey))
                     = (select array_agg(f.attnum order by f.attnum) from unnest(c.conkey) as f (attnum)))
      order by 1, 2 $$,
  'every foreign key is the beginning of an index');

select is_empty(
  $$ select t.name, c.conname
       from test.tables as t
       join pg_constraint as c on c.conrelid = t.oid
      where c.conname !~ case c.contype when 'p' then '_pkey$'
                                        when 'u' then '_key$'
                                        when 'f' then '_fkey$'
                                        when 'c' then '_check$'
                                        when 'x' then '_excl$'
                                        else '' end
      order by 1, 2 $$,
  'every constraint is named, and its name says its kind');

select is_empty(
  $$ select t.name, c.conname
       from test.tables as t
       join pg_constraint as c on c.conrelid = t.oid and c.contype in ('p', 'u', 'f', 'c', 'x')
      where not starts_with(c.conname, t.table_name || '_')
      order by 1, 2 $$,
  'the name of a constraint begins with its table');

select is_empty(
  $$ select t.name, x.relname
       from test.tables as t
       join pg_index as i on i.indrelid = t.oid
       join pg_class as x on x.oid = i.indexrelid
      where not exists (select 1 from pg_constraint as c where c.conindid = i.indexrelid and c.conrelid = t.oid)
        and x.relname !~ '_(idx|key)$'
      order by 1, 2 $$,
  'the name of an index ends in _idx, of a unique one in _key or _idx');

select is_empty(
  $$ select t.name, x.relname
       from test.tables as t
       join pg_index as i on i.indrelid = t.oid
       join pg_class as x on x.oid = i.indexrelid
      where not (i.indisvalid and i.indisready)
      order by 1, 2 $$,
  'every index is valid');

select is_empty(
  $$ select a.indrelid::regclass, a.indexrelid::regclass, b.indexrelid::regclass
       from pg_index as a
       join pg_index as b on b.indrelid = a.indrelid and b.indexrelid > a.indexrelid
       join test.tables as t on t.oid = a.indrelid
      where a.indkey::text = b.indkey::text
        and a.indclass = b.indclass
        and a.indoption = b.indoption
        and coalesce(pg_get_expr(a.indexprs, a.indrelid), '') = coalesce(pg_get_expr(b.indexprs, b.indrelid), '')
        and coalesce(pg_get_expr(a.indpred, a.indrelid), '') = coalesce(pg_get_expr(b.indpred, b.indrelid), '')
        and (select amname from pg_class join pg_am on pg_am.oid = relam where pg_class.oid = a.indexrelid)
            = (select amname from pg_class join pg_am on pg_am.oid = relam where pg_class.oid = b.indexrelid)
      order by 1, 2 $$,
  'no two indexes are the same');

select is_empty(
  $$ select n.nspname || '.' || y.typname
       from pg_type as y
       join pg_namespace as n on n.oid = y.typnamespace
      where n.nspname = any (test.domains()) and y.typtype = 'e' $$,
  'closed sets are text with a check, not enum types');

select is_empty(
  $$ select c.oid::regclass
       from pg_class as c
       join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = any (test.domains())
        and c.relkind in ('r', 'p', 'v', 'm', 'S')
        and pg_get_userbyid(c.relowner) <> 'tradepost_owner'
      order by 1 $$,
  'everything belongs to tradepost_owner');

select * from finish();
rollback;
