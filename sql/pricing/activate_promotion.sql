-- Lets a DRAFT or PAUSED promotion apply, after checking it once more as it stands: ACTIVE at once, or SCHEDULED until its start.
-- From now on its rules change by new versions only.
-- Called by: ADMIN, the promotion's seller. Locks: the promotion, the name of its exclusivity group.
-- Events: pricing.promotion_activated or pricing.promotion_scheduled.
-- Problems: identity.*, pricing.promotion_not_found, transition_refused, promotion_window_over, coupon_taken, group_mode_conflict,
-- promotion_invalid, condition_invalid, *_unknown.
create or replace function pricing.activate_promotion(p_ctx core.call_context, p_promotion_id uuid)
returns setof pricing.view_promotion
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
  v_promotion pricing.promotions := pricing._lock_promotion(v_actor, p_promotion_id);
begin
  if v_promotion.status in ('DRAFT', 'PAUSED') then
    perform pricing._check_promotion(v_promotion);
    perform pricing._check_live(v_promotion, v_now);
    perform pricing._open_counters(v_promotion);
  end if;
  perform pricing._transition_promotion(
    p_ctx, v_actor, v_promotion,
    case when v_promotion.starts_at > v_now and v_promotion.status in ('DRAFT', 'PAUSED') then 'schedule' else 'activate' end, v_now);
  return query select p.* from pricing.view_promotion as p where p.promotion_id = p_promotion_id;
end
$$;
comment on function pricing.activate_promotion(core.call_context, uuid) is 'Lets a promotion apply from its start on.';
grant execute on function pricing.activate_promotion(core.call_context, uuid) to tradepost_api;
