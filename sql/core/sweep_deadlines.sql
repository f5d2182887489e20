-- The one sweeper: takes the kind of deadline that has been due longest and lets its domain settle up to p_limit of them. One kind
-- per call, because each has its own order of locks; a kind whose rows all are in other hands is passed over. Any number of
-- sweepers may run, since each claims its rows with skip locked, and none need run: every rule goes by the clock.
-- For the worker; answers what was done, no row when nothing is due. Problems: none.
-- Locks: those of the one domain function that it calls. Events: its.
create or replace function core.sweep_deadlines(p_limit integer) returns setof core.swept
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- a plan kept from when a table was small must not scan it when it has grown
as $$
declare
  v_now constant timestamptz := core.now();
  v_limit constant integer := least(greatest(p_limit, 1), 1000);
  v_kind text;
  v_done integer;
begin
  for v_kind in
    -- as core.view_deadline, but each index is read from its oldest entry on and no farther than needed
    select d.kind
    from ((select case when o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED') then 'orders.payment'
                       when o.status = 'DELIVERED' then 'orders.completion'
                       when o.acceptance_due_at > v_now then 'orders.reminder'
                       else 'orders.acceptance' end as kind, o.due_at
           from orders.orders as o
           where o.due_at <= v_now
           order by o.due_at
           limit v_limit)
          union all
          (select 'inventory.hold', r.expires_at
           from inventory.reservations as r
           where r.status = 'HELD' and not r.is_order and r.expires_at <= v_now
           order by r.expires_at
           limit 1)) as d
    group by d.kind
    order by min(d.due_at)
  loop
    v_done := case v_kind
      when 'orders.payment' then orders.expire_orders(v_limit)
      when 'orders.reminder' then orders.remind_sellers(v_limit)
      when 'orders.acceptance' then orders.cancel_unaccepted(v_limit)
      when 'orders.completion' then orders.complete_orders(v_limit)
      when 'inventory.hold' then inventory.expire_reservations(v_limit) end;
    if v_done > 0 then
      return next row(v_kind, v_done)::core.swept;
      return;
    end if;
  end loop;
end
$$;
comment on function core.sweep_deadlines(integer) is 'Settles up to p_limit due deadlines of the kind that is due longest; answers kind and number.';
grant execute on function core.sweep_deadlines(integer) to tradepost_worker;
