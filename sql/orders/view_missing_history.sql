-- Orders whose first versions cannot be read any more: their month of the archive was detached. What is left goes on from the tail.
create or replace view orders.missing_history as
select t.order_id, t.version, t.to_status
  from orders.history_tails as t
 where not exists (
   select from pg_catalog.pg_inherits as i
     join pg_catalog.pg_class as c on c.oid = i.inhrelid
    where i.inhparent = 'orders.archived_history'::regclass and c.relname = orders._history_partition(t.archived_at));
comment on view orders.missing_history is 'Orders whose history was archived and taken away, up to which version and in which status.';
