-- The commission of each line, and of what each seller charges for shipping (line_no null), by the one rule that wins at
-- p_now: docs/pricing.md has the table of precedence, pricing._commission_rank the code. All of it is read by one statement,
-- so a basket is charged by one consistent set of versions whoever changes rules meanwhile.
-- A line always gets a row (no rule: rule_id null, amount 0), shipping only when a rule was found and there is a fee.
-- Who bears the discounts counts: what the platform bears is the seller's, so commission may be taken of it.
-- Candidates come from one index by the combinations of product, seller and categories of each distinct kind of line: the
-- cost follows the basket and not the number of rules. Rows in the order of p_lines, then shipping. Private.
-- long: one statement on purpose, see above.
create or replace function pricing._commissions_for(
  p_baskets pricing.basket[], p_lines pricing.basket_line[], p_shipping pricing.basket_shipping[],
  p_adjustments pricing.adjustment[], p_now timestamptz
)
returns setof pricing.commission
language plpgsql
stable
as $$
begin
  return query
  with discounts as materialized (
    select a.basket_no, a.seller_id, a.line_no, sum(a.amount_minor)::bigint as amount_minor,
           sum(a.amount_minor - coalesce(a.seller_minor, a.amount_minor))::bigint as platform_minor
    from unnest(p_adjustments) as a
    group by a.basket_no, a.seller_id, a.line_no
  ), charges as materialized (
    select l.ordinality as n, l.basket_no, l.line_no, 'LINE' as applies_to, l.seller_id, l.product_id, l.category_path, l.quantity,
           b.currency, l.unit_price_minor, l.quantity * l.unit_price_minor as gross_minor,
           l.quantity * l.unit_price_minor - coalesce(d.amount_minor, 0) as net_minor,
           coalesce(d.platform_minor, 0) as platform_minor
    from unnest(p_lines) with ordinality as l
    join unnest(p_baskets) as b on b.basket_no = l.basket_no
    left join discounts as d on d.basket_no = l.basket_no and d.line_no = l.line_no
    union all
    select null, s.basket_no, null, 'SHIPPING', s.seller_id, null, null, 1,
           b.currency, null, s.fee_minor, s.fee_minor - coalesce(d.amount_minor, 0), coalesce(d.platform_minor, 0)
    from unnest(p_shipping) as s
    join unnest(p_baskets) as b on b.basket_no = s.basket_no
    left join discounts as d on d.basket_no = s.basket_no and d.seller_id = s.seller_id and d.line_no is null
    where s.fee_minor > 0
  ), subjects as materialized (
    select c.applies_to, c.seller_id, c.product_id, c.currency, c.unit_price_minor, min(c.category_path) as category_path
    from charges as c
    group by c.applies_to, c.seller_id, c.product_id, c.currency, c.unit_price_minor
  ), winners as materialized (
    select s.applies_to, s.seller_id, s.product_id, s.currency, s.unit_price_minor, w.*
    from subjects as s
    cross join lateral (
      -- looked up one by one: joined as a set, the planner reads all rules as soon as there are many
      select r.rule_id, r.version, r.percent_bp, r.fixed_minor, r.fixed_per, r.base, r.min_minor, r.max_minor, r.vat_bp
      from pricing._matching_commission_rules(
             s.applies_to, s.seller_id, s.product_id, s.category_path, s.currency, s.unit_price_minor, p_now) as r
      order by pricing._commission_rank(r, s.category_path) desc
      limit 1) as w
  ), computed as materialized (
    select c.*, w.rule_id, w.version, coalesce(w.percent_bp, 0) as percent_bp, coalesce(w.fixed_minor, 0) as fixed_minor,
           coalesce(w.fixed_per, 'UNIT') as fixed_per, coalesce(w.base, 'NET') as base, w.min_minor, w.max_minor,
           coalesce(w.vat_bp, 0) as vat_bp,
           case when w.base = 'GROSS' then c.gross_minor else c.net_minor end as base_minor,
           case when w.fixed_per = 'LINE' then 1 else c.quantity end as units,
           c.net_minor + c.platform_minor as limit_minor
    from charges as c
    left join winners as w
      on w.applies_to = c.applies_to and w.seller_id = c.seller_id and w.product_id is not distinct from c.product_id
     and w.currency = c.currency and w.unit_price_minor is not distinct from c.unit_price_minor
    where c.applies_to = 'LINE' or w.rule_id is not null
  ), amounts as materialized (
    select c.*,
           case when c.rule_id is null then 0
                else pricing._commission_amount(c.base_minor, c.percent_bp, c.fixed_minor, c.units,
                                                c.min_minor, c.max_minor, c.limit_minor) end as amount_minor
    from computed as c
  )
  select a.basket_no, a.line_no, a.rule_id, a.version, a.percent_bp, a.fixed_minor, a.base_minor, a.amount_minor,
         a.seller_id, a.base, a.fixed_per, a.min_minor, a.max_minor, a.limit_minor,
         a.base_minor::numeric * a.percent_bp * 0.0001,
         a.vat_bp, pricing._percent_of(a.amount_minor, a.vat_bp), a.category_path
  from amounts as a
  order by a.n, a.basket_no, a.seller_id;
end
$$;
comment on function pricing._commissions_for(
  pricing.basket[], pricing.basket_line[], pricing.basket_shipping[], pricing.adjustment[], timestamptz) is
  'The commission of each line and of each seller''s shipping by the rule that wins, with all it was computed from.';
