-- Ends a promotion for good; its coupon code is free again.
-- Called by: ADMIN, the promotion's seller. Locks: the promotion. Events: pricing.promotion_ended.
-- Problems: identity.*, pricing.promotion_not_found, pricing.transition_refused.
create or replace function pricing.end_promotion(p_ctx core.call_context, p_promotion_id uuid)
returns setof pricing.view_promotion
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
begin
  perform pricing._transition_promotion(
    p_ctx, v_actor, pricing._lock_promotion(v_actor, p_promotion_id), 'end', core.now());
  return query select p.* from pricing.view_promotion as p where p.promotion_id = p_promotion_id;
end
$$;
comment on function pricing.end_promotion(core.call_context, uuid) is 'Ends a promotion for good.';
grant execute on function pricing.end_promotion(core.call_context, uuid) to tradepost_api;
