-- The answer rows of a place_orders batch. An order is shown as it was placed, also when it has moved on since: a replay is the
-- same answer. A duplicate within the batch answers like the request that did the work.
-- Private.
create or replace function orders._answer_placings(p_placings orders.placing[])
returns setof orders.placed_order
language plpgsql
stable
as $$
begin
  return query
  select p.request_no, p.is_replayed,
         w.problem_status, w.problem_code, w.problem_detail, w.problem_hint, w.problem_errors,
         o.order_id, o.buyer_id, case when o.total_minor = 0 then 'PAID' when o.total_minor > 0 then 'PENDING_PAYMENT' end, o.currency::text,
         o.subtotal_minor, o.discount_minor, o.shipping_minor, o.total_minor,
         o.coupon_codes, o.shipping_address, o.placed_at, o.payment_due_at,
         case when o.total_minor = 0 then 2 when o.total_minor > 0 then 1 end, o.placed_at,
         (select json_agg(f.as_placed order by f.seller_id)
          from orders.view_fulfilment as f
          where f.seller_id = any (o.seller_ids) and f.order_id = o.order_id)
  from unnest(p_placings) as p
  join unnest(p_placings) as w on w.request_no = coalesce(p.same_as, p.request_no)
  left join lateral (
    select * from orders.orders as o where o.order_id = w.order_id and w.problem_code is null offset 0  -- never a join over all orders
  ) as o on true
  order by p.request_no;
end
$$;
comment on function orders._answer_placings(orders.placing[]) is 'One orders.placed_order row per placing.';
