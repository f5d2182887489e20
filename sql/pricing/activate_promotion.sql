-- Lets a DRAFT or PAUSED promotion apply, after checking it once more as it stands. From now on its rules are immutable.
-- Called by: ADMIN, the promotion's seller. Locks: the promotion. Events: pricing.promotion_activated.
-- Problems: identity.*, pricing.promotion_not_found, transition_refused, promotion_window_over, coupon_taken, promotion_invalid,
-- *_unknown.
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
    if v_promotion.ends_at <= v_now then
      raise exception 'pricing.promotion_window_over' using
        errcode = 'MK409', detail = format('The promotion ended at %s.', pricing._time_text(v_promotion.ends_at)),
        hint = 'Move its end first.', column = 'endsAt';
    end if;
    perform pricing._check_coupon_free(v_promotion);
    insert into pricing.promotion_counters (promotion_id, usage_limit)
    select v_promotion.promotion_id, v_promotion.usage_limit
    where v_promotion.usage_limit is not null
    on conflict do nothing;
  end if;
  perform pricing._transition_promotion(p_ctx, v_actor, v_promotion, 'activate', v_now);
  return query select p.* from pricing.view_promotion as p where p.promotion_id = p_promotion_id;
end
$$;
comment on function pricing.activate_promotion(core.call_context, uuid) is 'Lets a promotion apply from its start on.';
grant execute on function pricing.activate_promotion(core.call_context, uuid) to tradepost_api;
