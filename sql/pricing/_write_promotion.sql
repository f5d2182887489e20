-- Writes the rules of a promotion over the row it has; status, owner and birth stay. Private; the promotion is locked.
create or replace function pricing._write_promotion(p_promotion pricing.promotions)
returns void
language sql
volatile
as $$
  update pricing.promotions as p
  set name = p_promotion.name, description = p_promotion.description, type = p_promotion.type, target = p_promotion.target,
      percent_bp = p_promotion.percent_bp, amount_minor = p_promotion.amount_minor, currency = p_promotion.currency,
      category_ids = p_promotion.category_ids, product_ids = p_promotion.product_ids, seller_ids = p_promotion.seller_ids,
      variant_ids = p_promotion.variant_ids, line_condition = p_promotion.line_condition,
      line_path = p_promotion.line_path, condition = p_promotion.condition, condition_path = p_promotion.condition_path,
      min_subtotal_minor = p_promotion.min_subtotal_minor, min_quantity = p_promotion.min_quantity,
      price_minor = p_promotion.price_minor, unit_pick = p_promotion.unit_pick, unit_count = p_promotion.unit_count,
      buy_quantity = p_promotion.buy_quantity, get_quantity = p_promotion.get_quantity, tier_by = p_promotion.tier_by,
      tiers = p_promotion.tiers, bundle = p_promotion.bundle, gift_variant_id = p_promotion.gift_variant_id,
      gift_seller_id = p_promotion.gift_seller_id, gift_quantity = p_promotion.gift_quantity, base = p_promotion.base,
      is_exclusive = p_promotion.is_exclusive, exclusivity_group = p_promotion.exclusivity_group,
      group_mode = p_promotion.group_mode, combines_with = p_promotion.combines_with,
      stops_further = p_promotion.stops_further, max_order_minor = p_promotion.max_order_minor,
      max_line_minor = p_promotion.max_line_minor, floor_bp = p_promotion.floor_bp, funding = p_promotion.funding,
      seller_share_bp = p_promotion.seller_share_bp, platform_cap_minor = p_promotion.platform_cap_minor,
      budget_minor = p_promotion.budget_minor, coupon_code = p_promotion.coupon_code,
      requires_coupon = p_promotion.requires_coupon, starts_at = p_promotion.starts_at, ends_at = p_promotion.ends_at,
      usage_limit = p_promotion.usage_limit, buyer_limit = p_promotion.buyer_limit, priority = p_promotion.priority,
      version = p_promotion.version, updated_at = p_promotion.updated_at
  where p.promotion_id = p_promotion.promotion_id
$$;
comment on function pricing._write_promotion(pricing.promotions) is 'Writes the rules of a promotion over its row.';
