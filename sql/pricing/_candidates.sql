-- Which promotions may apply to which baskets, as far as columns tell that need no look at single lines: live ones
-- (ACTIVE or SCHEDULED, inside the window, automatic or by a given code), of the basket's currency or of none, whose filters
-- have something in common with what is in the basket. Each comes with the lines of its basket; gifts are none of them.
-- An order that no promotion concerns costs one probe of the index of automatic ones, or one pass over them. Private; reads only.
create or replace function pricing._candidates(
  p_baskets pricing.basket[], p_lines pricing.basket_line[], p_excluded uuid[], p_now timestamptz
)
returns setof pricing.candidate
language plpgsql
stable
as $$
begin
  if not exists (select from pricing.promotions as p
                 where p.status in ('ACTIVE', 'SCHEDULED') and p.coupon_code is null and not p.requires_coupon)
     and not exists (select from unnest(p_baskets) as b where b.coupon_codes <> '{}') then
    return;
  end if;
  return query
  with filled as materialized (
    select l.basket_no,
           array_agg(row(l.ordinality, l.line_no, l.seller_id, l.product_id, l.variant_id, l.category_path, l.quantity,
                         l.unit_price_minor)::pricing.match_line order by l.line_no) as lines,
           array_agg(l.seller_id) as seller_ids, array_agg(l.product_id) as product_ids, array_agg(l.variant_id) as variant_ids,
           sum(l.quantity * l.unit_price_minor) as subtotal_minor, sum(l.quantity) as quantity
    from unnest(p_lines) with ordinality as l
    where l.gift_of is null
    group by l.basket_no
  ), baskets as materialized (
    select b.ordinality::integer as n, b.basket_no, b.currency, b.coupon_codes, f.lines, f.seller_ids, f.product_ids, f.variant_ids,
           f.subtotal_minor, f.quantity,
           array(select c.id from unnest(f.lines) as l cross join unnest(l.category_path) as c (id)) as category_ids
    from unnest(p_baskets) with ordinality as b
    join filled as f on f.basket_no = b.basket_no
  ), live as (
    select b.*, p.promotion_id, null::text as coupon_code, false as is_limited,
           p.line_path is not null or p.condition_path is not null as is_conditional,
           p.starts_at, p.ends_at, p.currency as only_currency, p.seller_id, p.seller_ids as only_sellers,
           p.product_ids as only_products, p.variant_ids as only_variants, p.category_ids as only_categories,
           p.min_subtotal_minor, p.min_quantity
    from baskets as b
    cross join pricing.promotions as p
    where p.status in ('ACTIVE', 'SCHEDULED') and p.coupon_code is null and not p.requires_coupon
    union all
    select b.*, p.promotion_id, given.coupon_code, given.is_limited, p.line_path is not null or p.condition_path is not null,
           p.starts_at, p.ends_at, p.currency, p.seller_id, p.seller_ids, p.product_ids, p.variant_ids, p.category_ids,
           p.min_subtotal_minor, p.min_quantity
    from pricing._given_coupons(p_baskets) as given
    join baskets as b on b.basket_no = given.basket_no
    join pricing.promotions as p on p.promotion_id = given.promotion_id
    where not given.is_redundant
  )
  select p.n, p.basket_no, p.promotion_id, p.coupon_code, p.is_conditional, p.lines, p.is_limited
  from live as p
  where p.starts_at <= p_now and (p.ends_at is null or p.ends_at > p_now)
    and (p.only_currency is null or p.only_currency = p.currency)
    and (p.min_subtotal_minor is null or p.min_subtotal_minor <= p.subtotal_minor)  -- the chosen lines cost no more than all
    and (p.min_quantity is null or p.min_quantity <= p.quantity)
    and p.promotion_id <> all (coalesce(p_excluded, '{}'))
    and (p.seller_id is null or p.seller_id = any (p.seller_ids))
    and (p.only_sellers is null or p.only_sellers && p.seller_ids)
    and (p.only_products is null or p.only_products && p.product_ids)
    and (p.only_variants is null or p.only_variants && p.variant_ids)
    and (p.only_categories is null or p.only_categories && p.category_ids);
end
$$;
comment on function pricing._candidates(pricing.basket[], pricing.basket_line[], uuid[], timestamptz) is
  'Promotions that may apply to baskets, told by their columns alone, with the lines to try.';
