-- The parts of orders as the log tells them up to p_upto: sums from orders.order_placed, then each part's own steps, and the
-- order's where they take all parts along (cancelled, expired, paid after it had expired). version counts the steps.
-- discount_minor and shipping_minor are null where the event is of a release that did not tell them; is_latest: nothing
-- happened to the part after p_upto. Of p_order_ids only, whose parts are the aggregates p_fulfilment_ids, or of all (null).
-- Private; meant to be inlined into the caller's statement. Locks: none.
create or replace function orders._fold_fulfilments(p_upto bigint, p_order_ids uuid[], p_fulfilment_ids uuid[])
returns table (
  order_id uuid, seller_id uuid, status text, subtotal_minor bigint, discount_minor bigint, shipping_minor bigint,
  carrier text, accepted_at timestamptz, shipped_at timestamptz, delivered_at timestamptz, version integer,
  updated_at timestamptz, is_latest boolean
)
language sql
stable
as $$
  select p.order_id, p.seller_id,
         coalesce((greatest(w.last, o.last))[2], 'PENDING'),
         p.subtotal_minor, p.discount_minor, p.shipping_minor,
         o.carrier, o.accepted_at, o.shipped_at, o.delivered_at,
         (1 + coalesce(w.steps, 0) + coalesce(o.steps, 0))::integer,
         coalesce((greatest(w.last, o.last))[3]::timestamptz, p.placed_at),
         coalesce(w.is_latest, true) and coalesce(o.is_latest, true)
    from (select e.aggregate_id as order_id, l.seller_id, l.subtotal_minor, e.occurred_at as placed_at,
                 case when e.payload ? 'parts' then coalesce(d."discountMinor", 0) end as discount_minor,
                 case when e.payload ? 'parts' then coalesce(d."shippingMinor", 0) end as shipping_minor
            from events.recorded as e
           cross join lateral (
             select l."sellerId" as seller_id, sum(l.quantity * l."unitPriceMinor")::bigint as subtotal_minor
               from jsonb_to_recordset(e.payload -> 'lines') as l ("sellerId" uuid, quantity integer, "unitPriceMinor" bigint)
              group by l."sellerId") as l
            left join lateral jsonb_to_recordset(e.payload -> 'parts')
              as d ("sellerId" uuid, "discountMinor" bigint, "shippingMinor" bigint) on d."sellerId" = l.seller_id
           where e.type = 'orders.order_placed' and e.aggregate_type = 'order'
             and e.position <= p_upto
             and (p_order_ids is null or e.aggregate_id = any (p_order_ids))) as p
    left join (select e.aggregate_id as order_id,
                      count(*) filter (where e.position <= p_upto) as steps,
                      max(array[lpad(e.position::text, 19, '0'),
                                case e.type when 'orders.order_paid' then 'PENDING' else 'CANCELLED' end, e.occurred_at::text])
                        filter (where e.position <= p_upto) as last,
                      bool_and(e.position <= p_upto) as is_latest
                 from events.recorded as e
                where e.aggregate_type = 'order'
                  and (e.type in ('orders.order_cancelled', 'orders.order_expired')
                       or e.type = 'orders.order_paid' and e.payload ->> 'fromStatus' = 'EXPIRED')
                  and (p_order_ids is null or e.aggregate_id = any (p_order_ids))
                group by e.aggregate_id) as w on w.order_id = p.order_id
    left join (select (e.payload ->> 'orderId')::uuid as order_id, (e.payload ->> 'sellerId')::uuid as seller_id,
                      count(*) filter (where e.position <= p_upto) as steps,
                      max(array[lpad(e.position::text, 19, '0'), e.payload ->> 'status', e.occurred_at::text])
                        filter (where e.position <= p_upto) as last,
                      max(e.payload ->> 'carrier') filter (where e.position <= p_upto) as carrier,
                      max(e.occurred_at) filter (where e.type = 'orders.fulfilment_accepted'
                                                   and e.position <= p_upto) as accepted_at,
                      max(e.occurred_at) filter (where e.type = 'orders.fulfilment_shipped'
                                                   and e.position <= p_upto) as shipped_at,
                      max(e.occurred_at) filter (where e.type = 'orders.fulfilment_delivered'
                                                   and e.position <= p_upto) as delivered_at,
                      bool_and(e.position <= p_upto) as is_latest
                 from events.recorded as e
                where e.aggregate_type = 'fulfilment'
                  and (p_fulfilment_ids is null or e.aggregate_id = any (p_fulfilment_ids))
                group by 1, 2) as o on o.order_id = p.order_id and o.seller_id = p.seller_id
$$;
comment on function orders._fold_fulfilments(bigint, uuid[], uuid[]) is 'Parts of orders folded from the log up to a number.';
