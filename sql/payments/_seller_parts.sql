-- What orders mean for each of their sellers, from the snapshots: what the buyer pays for the part, which discounts the platform
-- bears of it, the commission (lines and shipping) and the VAT on it. The seller is due total + promotion - commission - VAT.
-- Private; reads only. PL/pgSQL, because its plan is kept for the connection.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
create or replace function payments._seller_parts(p_order_ids uuid[])
returns table (
  order_id uuid, seller_id uuid, total_minor bigint, promotion_minor bigint, commission_minor bigint, vat_minor bigint
)
language plpgsql
stable
as $$
begin
  return query
  select o.order_id, f.seller_id, f.total_minor, a.promotion_minor,
         c.amount_minor + coalesce(s.amount_minor, 0), c.vat_minor + coalesce(s.vat_minor, 0)
    from unnest(p_order_ids) as given (order_id)
   cross join lateral (
     select o.order_id, o.seller_ids from orders.orders as o where o.order_id = given.order_id offset 0) as o
   cross join unnest(o.seller_ids) as part (seller_id)
   cross join lateral (
     select f.seller_id, f.total_minor from orders.fulfilments as f
      where f.seller_id = part.seller_id and f.order_id = given.order_id offset 0) as f
    left join lateral (
     select s.amount_minor, s.vat_minor from orders.shipping_commissions as s
      where s.seller_id = part.seller_id and s.order_id = given.order_id offset 0) as s on true
   cross join lateral (select coalesce(sum(c.amount_minor), 0)::bigint as amount_minor,
                              coalesce(sum(c.vat_minor), 0)::bigint as vat_minor
                         from orders.commissions as c
                        where c.seller_id = part.seller_id and c.order_id = given.order_id) as c
   cross join lateral (select coalesce(sum(a.amount_minor - a.seller_minor), 0)::bigint as promotion_minor
                         from orders.adjustments as a
                        where a.seller_id = part.seller_id and a.order_id = given.order_id) as a;
end
$$;
comment on function payments._seller_parts(uuid[]) is
  'Per order and seller: total, discounts borne by the platform, commission and VAT on it.';
