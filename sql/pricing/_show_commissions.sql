-- Commissions of one basket as the API shows them, with their candidates. Private; reads only.
create or replace function pricing._show_commissions(
  p_currency text, p_lines pricing.basket_line[], p_shipping pricing.basket_shipping[], p_adjustments pricing.adjustment[],
  p_commissions pricing.commission[], p_at timestamptz
)
returns setof pricing.resolved_commissions
language sql
stable
as $$
  with charges as (
    select c.*, l.line_no as n, l.variant_id, 'LINE' as applies_to, l.product_id, l.quantity, l.unit_price_minor,
           l.quantity * l.unit_price_minor as gross_minor, d.discount_minor
    from unnest(p_commissions) as c
    join unnest(p_lines) as l on l.line_no = c.line_no
    cross join lateral (select coalesce(sum(a.amount_minor), 0)::bigint as discount_minor
                        from unnest(p_adjustments) as a where a.line_no = l.line_no) as d
    union all
    select (row(1, null, null, null, 0, 0, s.fee_minor - d.discount_minor, 0, s.seller_id, 'NET', 'LINE', null, null,
                s.fee_minor - d.seller_minor, 0, 0, 0, null)::pricing.commission).*,
           null, null, 'SHIPPING', null, 1, null, s.fee_minor, d.discount_minor
    from unnest(p_shipping) as s
    cross join lateral (select coalesce(sum(a.amount_minor), 0)::bigint as discount_minor,
                               coalesce(sum(coalesce(a.seller_minor, a.amount_minor)), 0)::bigint as seller_minor
                        from unnest(p_adjustments) as a where a.line_no is null and a.seller_id = s.seller_id) as d
    where s.fee_minor > 0
      and not exists (select from unnest(p_commissions) as c where c.line_no is null and c.seller_id = s.seller_id)
    union all
    select c.*, null, null, 'SHIPPING', null, 1, null, s.fee_minor, d.discount_minor
    from unnest(p_commissions) as c
    join unnest(p_shipping) as s on s.seller_id = c.seller_id
    cross join lateral (select coalesce(sum(a.amount_minor), 0)::bigint as discount_minor
                        from unnest(p_adjustments) as a where a.line_no is null and a.seller_id = s.seller_id) as d
    where c.line_no is null
  ), documents as (
    select c.applies_to, c.n, c.seller_id,
           jsonb_build_object(
             'lineNo', c.n, 'variantId', c.variant_id, 'productId', c.product_id, 'sellerId', c.seller_id, 'quantity', c.quantity,
             'gross', core._money(c.gross_minor, p_currency), 'discount', core._money(c.discount_minor, p_currency),
             'net', core._money(c.gross_minor - c.discount_minor, p_currency), 'limit', core._money(c.limit_minor, p_currency),
             'ruleId', c.rule_id, 'ruleVersion', c.rule_version, 'base', core._money(c.base_minor, p_currency),
             'commission', core._money(c.amount_minor, p_currency), 'vat', core._money(c.vat_minor, p_currency),
             'candidates', pricing._candidates_json(
               row(c.applies_to, c.seller_id, c.product_id, c.category_path, p_currency, c.unit_price_minor, c.quantity, c.gross_minor,
                   c.gross_minor - c.discount_minor, c.limit_minor)::pricing.commission_subject, p_at, null, null)) as document
    from charges as c
  )
  select p_currency, p_at,
         coalesce(jsonb_agg(d.document order by d.n) filter (where d.applies_to = 'LINE'), '[]'),
         coalesce(jsonb_agg(d.document - '{lineNo,variantId,productId,quantity}'::text[] order by d.seller_id)
                    filter (where d.applies_to = 'SHIPPING'), '[]')
  from documents as d
$$;
comment on function pricing._show_commissions(
  text, pricing.basket_line[], pricing.basket_shipping[], pricing.adjustment[], pricing.commission[], timestamptz) is
  'Commissions of a basket as documents.';
