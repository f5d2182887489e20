-- Moves promotions on that time has overtaken: SCHEDULED ones whose start has come become ACTIVE, and whatever has passed its end
-- ENDED, with their events. Nothing depends on it being in time: a promotion applies by its window, whatever its status says.
-- Called by: the sweeper (worker role). Locks: due promotions (skip locked).
-- Events: pricing.promotion_activated, promotion_ended. Returns how many were moved.
create or replace function pricing.sweep_promotions(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_system constant identity.actor := row(null, 'SYSTEM', null);
  v_promotion pricing.promotions;
  v_moved integer := 0;
begin
  for v_promotion in
    select p.*
    from pricing.promotions as p
    where (p.status = 'SCHEDULED' and p.starts_at <= v_now)
       or (p.status in ('SCHEDULED', 'ACTIVE', 'PAUSED') and p.ends_at <= v_now)
    order by p.promotion_id
    limit least(p_limit, 1000)
    for no key update skip locked
  loop
    perform pricing._transition_promotion(
      null, v_system, v_promotion, case when v_promotion.ends_at <= v_now then 'end' else 'start' end, v_now);
    v_moved := v_moved + 1;
  end loop;
  return v_moved;
end
$$;
comment on function pricing.sweep_promotions(integer) is 'Starts and ends up to p_limit promotions whose time has come.';
grant execute on function pricing.sweep_promotions(integer) to tradepost_worker;
