-- Appends an event of a promotion, whose row is locked; its seller hears of it. Private.
-- Events: pricing.promotion_created, promotion_changed, promotion_scheduled, promotion_activated, promotion_paused, promotion_ended (p_type).
create or replace function pricing._tell_promotion(
  p_ctx core.call_context, p_actor_id uuid, p_type text, p_promotion pricing.promotions
)
returns void
language plpgsql
volatile
as $$
begin
  perform events._append(
    'promotion', p_promotion.promotion_id, p_promotion.version, p_type, p_actor_id, p_ctx.request_id,
    array_remove(array[p_promotion.seller_id], null),
    jsonb_build_object('promotionId', p_promotion.promotion_id, 'sellerId', p_promotion.seller_id,
                       'status', p_promotion.status, 'version', p_promotion.version));
end
$$;
comment on function pricing._tell_promotion(core.call_context, uuid, text, pricing.promotions) is 'Appends an event of a promotion.';
