-- Drafts a promotion. ADMIN makes one for the marketplace; a seller's applies to that seller's lines only.
-- p_document: {name, description?, type, target, currency?, priority?, startsAt?, endsAt?,
--   value: percentBp?, amount?, price?, unitPick?, unitCount?, buyQuantity?, getQuantity?, tierBy?, tiers? [{from, percentBp|amountMinor}],
--     bundle? [{quantity, categoryIds?, productIds?, variantIds?}], gift? {variantId, sellerId?, quantity?},
--   what it is for: categoryIds?, productIds?, variantIds?, sellerIds?, lineCondition?, condition?, minSubtotal?, minQuantity?,
--   policy: base?, exclusive?, exclusivityGroup?, groupMode?, combinesWith?, stopsFurther?, maxPerOrder?, maxPerLine?, floorBp?,
--   who pays: funding?, sellerShareBp?, platformCap?, and how often: couponCode?, requiresCoupon?, usageLimit?, buyerLimit?, budget?};
-- amounts are {amountMinor, currency}.
-- Locks: none. Events: pricing.promotion_created. Problems: identity.*, pricing.promotion_invalid,
-- condition_invalid, *_unknown.
create or replace function pricing.create_promotion(p_ctx core.call_context, p_document jsonb)
returns setof pricing.view_promotion
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
  v_promotion pricing.promotions;
begin
  v_promotion.promotion_id := core.new_id();
  v_promotion.seller_id := v_actor.seller_id;
  v_promotion.status := 'DRAFT';
  v_promotion.version := 1;
  v_promotion.created_at := v_now;
  v_promotion.updated_at := v_now;
  v_promotion := pricing._promotion_from(p_document, v_promotion, v_now);
  perform pricing._check_promotion(v_promotion);
  insert into pricing.promotions select v_promotion.*;
  perform pricing._tell_promotion(p_ctx, v_actor.user_id, 'pricing.promotion_created', v_promotion);
  return query select p.* from pricing.view_promotion as p where p.promotion_id = v_promotion.promotion_id;
end
$$;
comment on function pricing.create_promotion(core.call_context, jsonb) is 'Drafts a promotion; it applies once it is activated.';
grant execute on function pricing.create_promotion(core.call_context, jsonb) to tradepost_api;
