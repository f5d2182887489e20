-- The partitions of the log that take no more events, oldest first, with their first and last event.
-- Called by: archive, archive_expired. Locks: none.
create or replace function events._full_partitions()
returns setof events.archived_part
language sql
stable
as $$
  select c.relname::text, greatest(n.number * 1000000, t.seq + 1, 1), n.number * 1000000 + 999999
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
   cross join lateral (select substr(c.relname, 5)::bigint as number) as n
    join events.head as h on h.seq >= n.number * 1000000 + 999999
   cross join events.tail as t
   where i.inhparent = 'events.log'::regclass
   order by n.number;
$$;
comment on function events._full_partitions() is 'The partitions of the log that take no more events, oldest first.';
