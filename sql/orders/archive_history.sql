-- Moves the history of orders that were finished orders.history_retention_s ago to orders.archived_history: of at most p_limit (1 to 1000)
-- orders placed after the order p_after (null: from the first). Answers of how many, and the order to go on after, null at the end.
-- Whoever archives walks through the history in the order of the placings again and again; that costs the writers no index.
-- An order that goes on after all (a late payment, a refund) writes its later steps to the table, where they stay.
-- orders.recorded_history is both. A step that was broken off has moved nothing; one that is repeated finds the rest.
-- For the worker. Locks: the orders whose history it moves (skip locked). Events: none. Problems: none.
create or replace function orders.archive_history(p_after uuid, p_limit integer)
returns table (archived integer, next_order_id uuid)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- a plan kept from when a table was small must not scan it when it has grown
as $$
declare
  v_retention constant interval := make_interval(secs => core._setting_int('orders.history_retention_s'));
  v_limit constant integer := least(greatest(p_limit, 1), 1000);
  v_now constant timestamptz := core.now();
  v_seen uuid[];
  v_due uuid[];
begin
  archived := 0;
  if v_retention > interval '0' then
    v_seen := array(
      select h.order_id
        from orders.order_history as h
       where h.order_id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
         and h.order_id < orders._id_at(v_now - v_retention)
         and h.version = 1  -- one that was archived before has none
       order by h.order_id
       limit v_limit);
    v_due := array(
      select o.order_id
        from orders.orders as o
       where o.order_id = any (v_seen)
         -- not by the index of the status: it holds all that are finished
         and (o.status in ('COMPLETED', 'CANCELLED', 'EXPIRED', 'PARTIALLY_REFUNDED', 'REFUNDED')) is true
         and o.updated_at < v_now - v_retention
       order by o.order_id
         for no key update skip locked);
    -- a new statement: another archiver may have moved them before they were locked
    v_due := array(
      select d.order_id
        from unnest(v_due) as d (order_id)
       cross join lateral (
         select from orders.order_history as h where h.order_id = d.order_id and h.version = 1 offset 0) as h);
    archived := cardinality(v_due);
    next_order_id := v_seen[v_limit];
  end if;
  if archived > 0 then
    perform orders._ensure_history_partition(v_now);
    insert into orders.archived_history
      (order_id, version, from_status, to_status, action, actor_kind, actor_id, reason, created_at, archived_at)
    select h.order_id, h.version, h.from_status, h.to_status, h.action, h.actor_kind, h.actor_id, h.reason, h.created_at, v_now
      from orders.order_history as h
     where h.order_id = any (v_due);
    insert into orders.history_tails (order_id, version, to_status, archived_at)
    select distinct on (h.order_id) h.order_id, h.version, h.to_status, v_now
      from orders.order_history as h
     where h.order_id = any (v_due)
     order by h.order_id, h.version desc;
    delete from orders.order_history as h where h.order_id = any (v_due);
  end if;
  return next;
end
$$;
comment on function orders.archive_history(uuid, integer) is
  'Moves the history of orders that were finished long ago to its archive; answers of how many, and the order to go on after.';
grant execute on function orders.archive_history(uuid, integer) to tradepost_worker;
