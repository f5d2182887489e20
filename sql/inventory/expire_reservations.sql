-- Tidies up: ends at most p_limit (1 to 10000) expired reservations and gives their units back; answers how many. Nothing depends
-- on it, because an expired hold never blocks a sale. The holds of orders end with their orders.
-- For the worker. Locks: reservations (those in use are skipped), then stock rows by (variant_id, seller_id).
-- Events: inventory.reservation_expired. Problems: none.
create or replace function inventory.expire_reservations(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- a plan kept from when a table was small must not scan it when it has grown
as $$
declare
  v_now constant timestamptz := core.now();
  v_ids uuid[];
begin
  v_ids := array(
    select r.reservation_id
    from inventory.reservations as r
    where r.status = 'HELD' and r.expires_at <= v_now and not r.is_order
    order by r.expires_at
    limit least(greatest(p_limit, 1), 10000)
    for no key update skip locked);
  if cardinality(v_ids) = 0 then
    return 0;
  end if;
  v_ids := array(select e from inventory._end_holds(v_ids, 'EXPIRED', v_now) as e);
  perform inventory._tell_reservations(v_ids, 'inventory.reservation_expired', null, null, v_now);
  return cardinality(v_ids);
end
$$;
comment on function inventory.expire_reservations(integer) is
  'Ends at most p_limit expired reservations that belong to no order; answers how many.';
grant execute on function inventory.expire_reservations(integer) to tradepost_worker;
