-- What must hold between orders and everything around them. Private; see core.check_invariants().
create or replace function orders._check_invariants()
returns setof core.invariant_violation
language sql
stable
as $$
  select 'orders.header_is_sum_of_parts', o.order_id::text,
         format('header %s/%s/%s, parts %s/%s/%s', o.subtotal_minor, o.discount_minor, o.shipping_minor,
                f.subtotal_minor, f.discount_minor, f.shipping_minor)
  from orders.orders as o
  left join (select f.order_id, sum(f.subtotal_minor) as subtotal_minor, sum(f.discount_minor) as discount_minor,
                    sum(f.shipping_minor) as shipping_minor, array_agg(f.seller_id order by f.seller_id) as seller_ids
             from orders.fulfilments as f group by f.order_id) as f on f.order_id = o.order_id
  where (o.subtotal_minor, o.discount_minor, o.shipping_minor, o.seller_ids)
     is distinct from (f.subtotal_minor, f.discount_minor, f.shipping_minor, f.seller_ids)
  union all
  select 'orders.part_is_sum_of_lines', f.order_id::text, format('seller %s', f.seller_id)
  from orders.fulfilments as f
  left join (select l.seller_id, l.order_id, sum(l.subtotal_minor) as subtotal_minor, sum(l.discount_minor) as discount_minor
             from orders.order_lines as l group by l.seller_id, l.order_id) as l
    on l.seller_id = f.seller_id and l.order_id = f.order_id
  left join (select a.seller_id, a.order_id, sum(a.amount_minor) as amount_minor
             from orders.adjustments as a where a.target = 'SHIPPING' group by a.seller_id, a.order_id) as a
    on a.seller_id = f.seller_id and a.order_id = f.order_id
  where f.subtotal_minor is distinct from l.subtotal_minor
     or f.discount_minor is distinct from l.discount_minor + coalesce(a.amount_minor, 0)
     or coalesce(a.amount_minor, 0) > f.shipping_minor
  union all
  select 'orders.line_discount_is_sum_of_adjustments', l.order_id::text, format('line %s', l.line_no)
  from orders.order_lines as l
  left join (select a.seller_id, a.order_id, a.line_no, sum(a.amount_minor) as amount_minor
             from orders.adjustments as a where a.line_no is not null group by 1, 2, 3) as a
    on a.seller_id = l.seller_id and a.order_id = l.order_id and a.line_no = l.line_no
  where l.discount_minor <> coalesce(a.amount_minor, 0)
  union all
  select 'orders.line_has_commission', l.order_id::text, format('line %s', l.line_no)
  from orders.order_lines as l
  left join orders.commissions as c
    on c.seller_id = l.seller_id and c.order_id = l.order_id and c.line_no = l.line_no
  where c.base_minor is distinct from l.total_minor
  union all
  select 'orders.history_matches_status', o.order_id::text, format('status %s, history %s', o.status, h.to_status)
  from orders.orders as o
  left join orders.order_history as h on h.order_id = o.order_id and h.version = o.version
  where h.to_status is distinct from o.status
  union all
  select 'orders.hold_matches_status', o.order_id::text, format('status %s, hold %s', o.status, r.status)
  from orders.orders as o
  left join inventory.reservations as r on r.reservation_id = o.order_id
  where case
    when o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED') then r.status is distinct from 'HELD'
    when o.status = 'EXPIRED' then coalesce(r.status, '') not in ('EXPIRED')
    when o.status = 'CANCELLED' then coalesce(r.status, '') not in ('RELEASED', 'RETURNED')
    when o.status = 'REFUNDED' then coalesce(r.status, '') not in ('CONFIRMED', 'RETURNED')
    else r.status is distinct from 'CONFIRMED' end
$$;
comment on function orders._check_invariants() is 'Broken invariants of orders: sums, derivations, history, holds.';
