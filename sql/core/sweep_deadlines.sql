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
as $$
declare
  v_kind text;
  v_done integer;
begin
  for v_kind in
    select d.kind
    from (select v.kind, v.due_at
          from core.view_deadline as v
          where v.due_at <= core.now() and v.kind in ('orders.payment', 'orders.acceptance', 'orders.completion', 'inventory.hold')
          order by v.due_at
          limit least(greatest(p_limit, 1), 1000)) as d
    group by d.kind
    order by min(d.due_at)
  loop
    v_done := case v_kind
      when 'orders.payment' then orders.expire_orders(p_limit)
      when 'orders.acceptance' then orders.cancel_unaccepted(p_limit)
      when 'orders.completion' then orders.complete_orders(p_limit)
      when 'inventory.hold' then inventory.expire_reservations(p_limit) end;
    if v_done > 0 then
      return next row(v_kind, v_done)::core.swept;
      return;
    end if;
  end loop;
end
$$;
comment on function core.sweep_deadlines(integer) is 'Settles up to p_limit due deadlines of the kind that is due longest; answers kind and number.';
grant execute on function core.sweep_deadlines(integer) to tradepost_worker;
