-- Replaces the rules of a DRAFT or PAUSED promotion. One that was active keeps its kinds of limits, because its uses were counted
-- under them; the numbers may change, the usage limit not below what was used.
-- Called by: ADMIN, the promotion's seller. p_document as in pricing.create_promotion.
-- Locks: the promotion, its counter. Events: pricing.promotion_changed.
-- Problems: identity.*, pricing.promotion_not_found, core.version_stale, pricing.promotion_active, promotion_limits_fixed,
-- promotion_invalid, *_unknown, coupon_taken.
create or replace function pricing.update_promotion(
  p_ctx core.call_context, p_promotion_id uuid, p_expected_version integer, p_document jsonb
)
returns setof pricing.view_promotion
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
  v_old pricing.promotions := pricing._lock_promotion(v_actor, p_promotion_id);
  v_promotion pricing.promotions;
begin
  perform core._assert_version(v_old.version, p_expected_version);
  if v_old.status not in ('DRAFT', 'PAUSED') then
    raise exception 'pricing.promotion_active' using
      errcode = 'MK409', detail = format('The promotion is %s; its rules cannot change.', v_old.status),
      hint = 'Pause an active promotion first; draft a new one in place of one that has ended.';
  end if;
  v_promotion := pricing._promotion_from(p_document, v_old, v_now);
  v_promotion.version := v_old.version + 1;
  v_promotion.updated_at := v_now;
  perform pricing._check_promotion(v_promotion);
  if v_old.status = 'PAUSED' then
    perform pricing._check_coupon_free(v_promotion);
    perform pricing._keep_limits(v_old, v_promotion);
  end if;
  update pricing.promotions as p
  set name = v_promotion.name, description = v_promotion.description, type = v_promotion.type, target = v_promotion.target,
      percent_bp = v_promotion.percent_bp, amount_minor = v_promotion.amount_minor, currency = v_promotion.currency,
      category_ids = v_promotion.category_ids, product_ids = v_promotion.product_ids, seller_ids = v_promotion.seller_ids,
      min_subtotal_minor = v_promotion.min_subtotal_minor, coupon_code = v_promotion.coupon_code,
      starts_at = v_promotion.starts_at, ends_at = v_promotion.ends_at, usage_limit = v_promotion.usage_limit,
      buyer_limit = v_promotion.buyer_limit, priority = v_promotion.priority, version = v_promotion.version,
      updated_at = v_now
  where p.promotion_id = p_promotion_id;
  perform pricing._tell_promotion(p_ctx, v_actor.user_id, 'pricing.promotion_changed', v_promotion);
  return query select p.* from pricing.view_promotion as p where p.promotion_id = p_promotion_id;
end
$$;
comment on function pricing.update_promotion(core.call_context, uuid, integer, jsonb) is
  'Replaces the rules of a draft or paused promotion.';
grant execute on function pricing.update_promotion(core.call_context, uuid, integer, jsonb) to tradepost_api;
