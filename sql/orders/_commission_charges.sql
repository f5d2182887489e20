-- What orders were charged on their lines (LINE), or on their sellers' shipping (SHIPPING), as commission rules see it, with the
-- rule that did. Private; reads only.
create or replace function orders._commission_charges(p_order_ids uuid[], p_applies_to text)
returns table (
  order_id uuid, placed_at timestamptz, applies_to text, seller_id uuid, currency text, product_id uuid, category_path uuid[],
  unit_price_minor bigint, quantity integer, gross_minor bigint, net_minor bigint, limit_minor bigint,
  rule_id uuid, rule_version integer, amount_minor bigint, vat_minor bigint
)
language sql
stable
as $$
  select o.order_id, o.placed_at, 'LINE', l.seller_id, o.currency::text, l.product_id, coalesce(c.category_path, k.path),
         l.unit_price_minor, l.quantity, l.subtotal_minor, l.total_minor, c.limit_minor,
         c.rule_id, c.rule_version, c.amount_minor, c.vat_minor
  from orders.orders as o
  join orders.order_lines as l on l.seller_id = any (o.seller_ids) and l.order_id = o.order_id
  join orders.commissions as c on c.seller_id = l.seller_id and c.order_id = l.order_id and c.line_no = l.line_no
  left join catalog.products as p on p.product_id = l.product_id and c.category_path is null
  left join catalog.categories as k on k.category_id = p.category_id
  where o.order_id = any (p_order_ids) and p_applies_to = 'LINE'
  union all
  select o.order_id, o.placed_at, 'SHIPPING', f.seller_id, o.currency::text, null, null,
         null, 1, f.shipping_minor, f.shipping_minor - d.amount_minor, f.shipping_minor - d.seller_minor,
         s.rule_id, s.rule_version, coalesce(s.amount_minor, 0), coalesce(s.vat_minor, 0)
  from orders.orders as o
  join orders.fulfilments as f on f.seller_id = any (o.seller_ids) and f.order_id = o.order_id
  left join orders.shipping_commissions as s on s.seller_id = f.seller_id and s.order_id = f.order_id
  cross join lateral (
    select coalesce(sum(a.amount_minor), 0)::bigint as amount_minor, coalesce(sum(a.seller_minor), 0)::bigint as seller_minor
    from orders.adjustments as a
    where a.seller_id = f.seller_id and a.order_id = f.order_id and a.target = 'SHIPPING') as d
  where o.order_id = any (p_order_ids) and p_applies_to = 'SHIPPING' and f.shipping_minor > 0
$$;
comment on function orders._commission_charges(uuid[], text) is 'The charges of orders as commission rules see them.';
