-- A promotion as a document of the API describes it, on top of the fields that the document does not hold. Private.
-- Amounts share one currency. A seller's own promotion is paid by the seller; one of the marketplace too unless it says otherwise.
-- Problems: MK422 pricing.promotion_invalid when its amounts are in different currencies, pricing.condition_invalid, *_unknown.
-- long: one assignment per field.
create or replace function pricing._promotion_from(p_document jsonb, p_base pricing.promotions, p_now timestamptz)
returns pricing.promotions
language plpgsql
stable
as $$
declare
  v pricing.promotions := p_base;
begin
  v.currency := pricing._document_currency(p_document);
  v.name := btrim(p_document ->> 'name');
  v.description := coalesce(p_document ->> 'description', '');
  v.type := p_document ->> 'type';
  v.target := p_document ->> 'target';
  v.percent_bp := (p_document ->> 'percentBp')::integer;
  v.amount_minor := (p_document -> 'amount' ->> 'amountMinor')::bigint;
  v.price_minor := (p_document -> 'price' ->> 'amountMinor')::bigint;
  v.unit_pick := p_document ->> 'unitPick';
  v.unit_count := (p_document ->> 'unitCount')::integer;
  v.buy_quantity := (p_document ->> 'buyQuantity')::integer;
  v.get_quantity := (p_document ->> 'getQuantity')::integer;
  v.tier_by := p_document ->> 'tierBy';
  v.tiers := nullif(jsonb_strip_nulls(p_document -> 'tiers'), 'null');
  v.bundle := nullif(jsonb_strip_nulls(p_document -> 'bundle'), 'null');
  v.gift_variant_id := (p_document -> 'gift' ->> 'variantId')::uuid;
  v.gift_seller_id := coalesce((p_document -> 'gift' ->> 'sellerId')::uuid, case when v.gift_variant_id is not null then v.seller_id end);
  v.gift_quantity := case when v.gift_variant_id is not null then coalesce((p_document -> 'gift' ->> 'quantity')::integer, 1) end;
  v.category_ids := pricing._ids_from(p_document -> 'categoryIds');
  v.product_ids := pricing._ids_from(p_document -> 'productIds');
  v.seller_ids := pricing._ids_from(p_document -> 'sellerIds');
  v.variant_ids := pricing._ids_from(p_document -> 'variantIds');
  v.line_condition := nullif(p_document -> 'lineCondition', 'null');
  v.line_path := pricing._compile_condition(v.line_condition, 'LINE', 'lineCondition');
  v.condition := nullif(p_document -> 'condition', 'null');
  v.condition_path := pricing._compile_condition(v.condition, 'BASKET', 'condition');
  v.min_subtotal_minor := (p_document -> 'minSubtotal' ->> 'amountMinor')::bigint;
  v.min_quantity := (p_document ->> 'minQuantity')::integer;
  v.base := coalesce(p_document ->> 'base', 'SEQUENTIAL');
  v.is_exclusive := coalesce((p_document ->> 'exclusive')::boolean, false);
  v.exclusivity_group := p_document ->> 'exclusivityGroup';
  v.group_mode := coalesce(p_document ->> 'groupMode', case when v.exclusivity_group is not null then 'FIRST' end);
  v.combines_with := array(
    select distinct c.class
    from jsonb_array_elements_text(coalesce(nullif(p_document -> 'combinesWith', 'null'), '["ORDER", "LINE", "SHIPPING"]')) as c (class)
    order by 1);
  v.stops_further := coalesce((p_document ->> 'stopsFurther')::boolean, false);
  v.max_order_minor := (p_document -> 'maxPerOrder' ->> 'amountMinor')::bigint;
  v.max_line_minor := (p_document -> 'maxPerLine' ->> 'amountMinor')::bigint;
  v.floor_bp := coalesce((p_document ->> 'floorBp')::integer, 0);
  v.funding := coalesce(p_document ->> 'funding', 'SELLER');
  v.seller_share_bp := coalesce((p_document ->> 'sellerShareBp')::integer, case v.funding when 'SELLER' then 10000 else 0 end);
  v.platform_cap_minor := (p_document -> 'platformCap' ->> 'amountMinor')::bigint;
  v.budget_minor := (p_document -> 'budget' ->> 'amountMinor')::bigint;
  v.coupon_code := upper(btrim(p_document ->> 'couponCode'));
  v.requires_coupon := v.coupon_code is not null or coalesce((p_document ->> 'requiresCoupon')::boolean, false);
  v.starts_at := coalesce((p_document ->> 'startsAt')::timestamptz, p_base.starts_at, p_now);
  v.ends_at := (p_document ->> 'endsAt')::timestamptz;
  v.usage_limit := (p_document ->> 'usageLimit')::integer;
  v.buyer_limit := (p_document ->> 'buyerLimit')::integer;
  v.priority := coalesce((p_document ->> 'priority')::integer, 0);
  return v;
end
$$;
comment on function pricing._promotion_from(jsonb, pricing.promotions, timestamptz) is
  'Reads a promotion document into a row.';
