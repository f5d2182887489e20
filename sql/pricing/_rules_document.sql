-- The rules of a promotion as the API describes them: what PUT takes. Private.
create or replace function pricing._rules_document(p_promotion pricing.promotions)
returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
    'name', p.name, 'description', p.description, 'type', p.type, 'target', p.target, 'percentBp', p.percent_bp,
    'amount', pricing._optional_money(p.amount_minor, p.currency), 'price', pricing._optional_money(p.price_minor, p.currency),
    'unitPick', p.unit_pick, 'unitCount', p.unit_count, 'buyQuantity', p.buy_quantity, 'getQuantity', p.get_quantity,
    'tierBy', p.tier_by, 'tiers', p.tiers, 'bundle', p.bundle,
    'gift', case when p.gift_variant_id is not null then jsonb_build_object(
              'variantId', p.gift_variant_id, 'sellerId', p.gift_seller_id, 'quantity', p.gift_quantity) end,
    'currency', p.currency, 'categoryIds', p.category_ids, 'productIds', p.product_ids, 'variantIds', p.variant_ids,
    'sellerIds', p.seller_ids, 'lineCondition', p.line_condition, 'condition', p.condition,
    'minSubtotal', pricing._optional_money(p.min_subtotal_minor, p.currency), 'minQuantity', p.min_quantity,
    'base', p.base, 'exclusive', p.is_exclusive, 'exclusivityGroup', p.exclusivity_group, 'groupMode', p.group_mode,
    'combinesWith', p.combines_with, 'stopsFurther', p.stops_further,
    'maxPerOrder', pricing._optional_money(p.max_order_minor, p.currency),
    'maxPerLine', pricing._optional_money(p.max_line_minor, p.currency), 'floorBp', p.floor_bp,
    'funding', p.funding, 'sellerShareBp', p.seller_share_bp,
    'platformCap', pricing._optional_money(p.platform_cap_minor, p.currency),
    'budget', pricing._optional_money(p.budget_minor, p.currency),
    'couponCode', p.coupon_code, 'requiresCoupon', p.requires_coupon, 'startsAt', p.starts_at, 'endsAt', p.ends_at,
    'usageLimit', p.usage_limit, 'buyerLimit', p.buyer_limit, 'priority', p.priority)
  from (select p_promotion.*) as p
$$;
comment on function pricing._rules_document(pricing.promotions) is 'The rules of a promotion as a document of the API.';
