-- Promotions as their owners see them, with the uses and the cost so far of those that have a usage limit or a budget.
create or replace view pricing.view_promotion as
select p.promotion_id, p.seller_id, p.name, p.description, p.type, p.target, p.percent_bp, p.amount_minor,
       p.currency::text as currency, p.category_ids, p.product_ids, p.seller_ids, p.min_subtotal_minor, p.coupon_code,
       p.starts_at, p.ends_at, p.usage_limit, p.buyer_limit, p.priority, p.status, p.version, p.created_at, p.updated_at,
       c.used, null::text as page_cursor,
       p.variant_ids, p.line_condition, p.condition, p.min_quantity, p.price_minor, p.unit_pick, p.unit_count, p.buy_quantity,
       p.get_quantity, p.tier_by, p.tiers, p.bundle, p.gift_variant_id, p.gift_seller_id, p.gift_quantity, p.base, p.is_exclusive,
       p.exclusivity_group, p.group_mode, p.combines_with, p.stops_further, p.max_order_minor, p.max_line_minor, p.floor_bp,
       p.funding, p.seller_share_bp, p.platform_cap_minor, p.budget_minor, p.requires_coupon,
       c.spent_minor
from pricing.promotions as p
left join lateral (
  select sum(c.used)::integer as used, sum(c.spent_minor)::bigint as spent_minor
  from pricing.promotion_counters as c
  where c.promotion_id = p.promotion_id
) as c on true;
comment on view pricing.view_promotion is 'Promotions with their uses and cost (null without usage limit and budget).';
