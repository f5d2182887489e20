-- The commission of each line: the most specific rule in force at p_now. Precedence, first match wins:
--   1  product and seller
--   2  product
--   3  seller and category (the nearest: the product's own category before its parent, and so on)
--   4  seller
--   5  category (the nearest)
--   6  default (no dimension)
-- Within one scope a rule in the order's currency goes before one without currency, and that before one in another currency
-- (then the smaller rule_id). The fixed part counts only for orders in its currency.
-- amount = min(net, round_half_up(net * percent_bp / 10000) + fixed_minor * quantity). No rule: rule_id null, amount 0.
-- p_nets[i] is the net (after discounts) of p_lines[i]. One row per line, in the order of p_lines. Private.
create or replace function pricing._commissions_for(
  p_baskets pricing.basket[], p_lines pricing.basket_line[], p_nets bigint[], p_now timestamptz
)
returns setof pricing.commission
language plpgsql
stable
as $$
begin
  return query
  with lines as materialized (
    select l.ordinality as n, l.basket_no, l.line_no, l.seller_id, l.product_id, l.category_path, l.quantity,
           l.unnest as net_minor, b.currency
    from unnest(p_lines, p_nets) with ordinality as l
    join unnest(p_baskets) as b on b.basket_no = l.basket_no
  ), subjects as materialized (
    select l.seller_id, l.product_id, l.currency, min(l.category_path) as category_path
    from lines as l
    group by l.seller_id, l.product_id, l.currency
  ), candidates as (
    select s.seller_id, s.product_id, s.currency, r as rule, case when r.seller_id is null then 2 else 1 end as rank, 0 as depth
    from subjects as s
    join pricing.commission_rules as r on r.product_id = s.product_id
    where r.seller_id is null or r.seller_id = s.seller_id
    union all
    select s.seller_id, s.product_id, s.currency, r, 3, array_position(s.category_path, r.category_id)
    from subjects as s
    join pricing.commission_rules as r
      on r.seller_id = s.seller_id and r.category_id = any (s.category_path) and r.product_id is null
    union all
    select s.seller_id, s.product_id, s.currency, r, 4, 0
    from subjects as s
    join pricing.commission_rules as r on r.seller_id = s.seller_id and r.category_id is null and r.product_id is null
    union all
    select s.seller_id, s.product_id, s.currency, r, 5, array_position(s.category_path, r.category_id)
    from subjects as s
    join pricing.commission_rules as r
      on r.category_id = any (s.category_path) and r.seller_id is null and r.product_id is null
    union all
    select s.seller_id, s.product_id, s.currency, r, 6, 0
    from subjects as s
    cross join pricing.commission_rules as r
    where r.seller_id is null and r.category_id is null and r.product_id is null
  ), chosen as (
    select distinct on (c.seller_id, c.product_id, c.currency)
           c.seller_id, c.product_id, c.currency, (c.rule).rule_id, (c.rule).version, (c.rule).percent_bp,
           case when (c.rule).currency = c.currency then (c.rule).fixed_minor else 0 end as fixed_minor
    from candidates as c
    where (c.rule).valid_from <= p_now and ((c.rule).valid_until is null or (c.rule).valid_until > p_now)
    order by c.seller_id, c.product_id, c.currency, c.rank, c.depth desc,
             case when (c.rule).currency = c.currency then 0 when (c.rule).currency is null then 1 else 2 end,
             (c.rule).rule_id
  )
  select l.basket_no, l.line_no, c.rule_id, c.version,
         coalesce(c.percent_bp, 0), coalesce(c.fixed_minor, 0), l.net_minor,
         least(l.net_minor,
               coalesce(pricing._percent_of(l.net_minor, c.percent_bp) + c.fixed_minor * l.quantity, 0))
  from lines as l
  left join chosen as c on c.seller_id = l.seller_id and c.product_id = l.product_id and c.currency = l.currency
  order by l.n;
end
$$;
comment on function pricing._commissions_for(pricing.basket[], pricing.basket_line[], bigint[], timestamptz) is
  'The commission of each line by the most specific rule: product+seller, product, seller+category, seller, category, default.';
