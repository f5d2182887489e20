-- A promotion as a document of the API describes it, on top of the fields that the document does not hold. Private.
-- Problems: MK422 pricing.promotion_invalid when its amounts are in different currencies.
create or replace function pricing._promotion_from(p_document jsonb, p_base pricing.promotions, p_now timestamptz)
returns pricing.promotions
language plpgsql
stable
as $$
declare
  v_promotion pricing.promotions := p_base;
begin
  v_promotion.name := btrim(p_document ->> 'name');
  v_promotion.description := coalesce(p_document ->> 'description', '');
  v_promotion.type := p_document ->> 'type';
  v_promotion.target := p_document ->> 'target';
  v_promotion.percent_bp := (p_document ->> 'percentBp')::integer;
  v_promotion.amount_minor := (p_document -> 'amount' ->> 'amountMinor')::bigint;
  v_promotion.currency := coalesce(p_document ->> 'currency', p_document -> 'amount' ->> 'currency',
                                   p_document -> 'minSubtotal' ->> 'currency');
  if v_promotion.currency::text <> p_document -> 'amount' ->> 'currency' then
    perform pricing._invalid('pricing.promotion_invalid', 'amount/currency', 'A promotion has one currency.');
  elsif v_promotion.currency::text <> p_document -> 'minSubtotal' ->> 'currency' then
    perform pricing._invalid('pricing.promotion_invalid', 'minSubtotal/currency', 'A promotion has one currency.');
  end if;
  v_promotion.category_ids := pricing._ids_from(p_document -> 'categoryIds');
  v_promotion.product_ids := pricing._ids_from(p_document -> 'productIds');
  v_promotion.seller_ids := pricing._ids_from(p_document -> 'sellerIds');
  v_promotion.min_subtotal_minor := (p_document -> 'minSubtotal' ->> 'amountMinor')::bigint;
  v_promotion.coupon_code := upper(btrim(p_document ->> 'couponCode'));
  v_promotion.starts_at := coalesce((p_document ->> 'startsAt')::timestamptz, p_base.starts_at, p_now);
  v_promotion.ends_at := (p_document ->> 'endsAt')::timestamptz;
  v_promotion.usage_limit := (p_document ->> 'usageLimit')::integer;
  v_promotion.buyer_limit := (p_document ->> 'buyerLimit')::integer;
  v_promotion.priority := coalesce((p_document ->> 'priority')::integer, 0);
  v_promotion.base := 'SEQUENTIAL';
  v_promotion.is_exclusive := false;
  v_promotion.combines_with := '{ORDER,LINE,SHIPPING}';
  v_promotion.stops_further := false;
  v_promotion.floor_bp := 0;
  v_promotion.funding := 'SELLER';
  v_promotion.seller_share_bp := 10000;
  return v_promotion;
end
$$;
comment on function pricing._promotion_from(jsonb, pricing.promotions, timestamptz) is
  'Reads a promotion document into a row.';
