-- Promotions as their owners see them, with the uses so far of those that have a usage limit.
create or replace view pricing.view_promotion as
select p.promotion_id, p.seller_id, p.name, p.description, p.type, p.target, p.percent_bp, p.amount_minor,
       p.currency::text as currency, p.category_ids, p.product_ids, p.seller_ids, p.min_subtotal_minor, p.coupon_code,
       p.starts_at, p.ends_at, p.usage_limit, p.buyer_limit, p.priority, p.status, p.version, p.created_at, p.updated_at,
       c.used, null::text as page_cursor
from pricing.promotions as p
left join pricing.promotion_counters as c on c.promotion_id = p.promotion_id;
comment on view pricing.view_promotion is 'Promotions with their use counter (null without usage limit).';
