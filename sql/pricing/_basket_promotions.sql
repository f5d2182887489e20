-- Which promotions apply to which baskets, and to which of their lines, in the order in which they act. STABLE, locks nothing.
-- Candidates: automatic ones (partial index of the active automatic) and those of the basket's coupons (index on the code).
-- One applies when it is ACTIVE, inside its window, of the basket's currency (or of none), matches at least one line, and the
-- undiscounted subtotal of the lines it matches reaches min_subtotal_minor. A seller's own promotion matches that seller's
-- lines only; filters (sellers, categories with their descendants, products) must all hold.
-- Turn 1 acts first: greater priority, then smaller promotion_id. Promotions in p_excluded count as absent. Private.
create or replace function pricing._basket_promotions(
  p_baskets pricing.basket[], p_lines pricing.basket_line[], p_excluded uuid[], p_now timestamptz
)
returns setof pricing.basket_promotion
language sql
stable
as $$
  with candidates as (
    select b.basket_no, b.currency as basket_currency, p.*
    from unnest(p_baskets) as b
    cross join pricing.promotions as p
    where p.status in ('ACTIVE', 'SCHEDULED') and p.coupon_code is null and not p.requires_coupon
    union all
    select b.basket_no, b.currency, p.*
    from unnest(p_baskets) as b
    cross join lateral (select distinct upper(c) from unnest(b.coupon_codes) as c) as given (code)
    join pricing.promotions as p on p.coupon_code = given.code and p.status in ('ACTIVE', 'SCHEDULED')
  ), matched as (
    select c.basket_no, c.promotion_id,
           array_agg(l.ordinality::integer order by l.ordinality) as line_positions,
           array_agg(distinct l.seller_id) as matched_seller_ids,
           sum(l.quantity * l.unit_price_minor) as subtotal_minor
    from candidates as c
    join unnest(p_lines) with ordinality as l
      on l.basket_no = c.basket_no
    where c.starts_at <= p_now and (c.ends_at is null or c.ends_at > p_now)
      and (c.currency is null or c.currency = c.basket_currency)
      and c.promotion_id <> all (p_excluded)
      and (c.seller_id is null or c.seller_id = l.seller_id)
      and (c.seller_ids is null or l.seller_id = any (c.seller_ids))
      and (c.product_ids is null or l.product_id = any (c.product_ids))
      and (c.category_ids is null or l.category_path && c.category_ids)
    group by c.basket_no, c.promotion_id
  )
  select m.basket_no,
         (row_number() over (partition by m.basket_no order by p.priority desc, p.promotion_id))::integer,
         p.promotion_id, p.version, p.coupon_code, p.type, p.target, p.percent_bp, p.amount_minor,
         p.usage_limit is not null or p.buyer_limit is not null,
         m.line_positions, m.matched_seller_ids
  from matched as m
  join pricing.promotions as p on p.promotion_id = m.promotion_id
  where p.min_subtotal_minor is null or m.subtotal_minor >= p.min_subtotal_minor
$$;
comment on function pricing._basket_promotions(pricing.basket[], pricing.basket_line[], uuid[], timestamptz) is
  'The promotions that apply to each basket with the lines they match, numbered in the order in which they act.';
