-- Order headers as the log tells them up to p_upto (9223372036854775807: all that is committed); of p_order_ids only, or of all (null).
-- version counts the transitions, status is the last one's. is_latest: nothing happened to the order after p_upto.
-- The last event is the greatest of [position, …], so that one hash aggregate finds it and nothing has to be sorted.
-- Private; meant to be inlined into the caller's statement. Locks: none.
create or replace function orders._fold_orders(p_upto bigint, p_order_ids uuid[])
returns table (
  order_id uuid, buyer_id uuid, seller_ids uuid[], status text, currency text, subtotal_minor bigint, discount_minor bigint,
  shipping_minor bigint, total_minor bigint, payment_due_at timestamptz, version integer, placed_at timestamptz,
  updated_at timestamptz, is_latest boolean
)
language sql
stable
as $$
  select p.aggregate_id,
         (p.payload ->> 'buyerId')::uuid,
         array(select s.id::uuid from jsonb_array_elements_text(p.payload -> 'sellerIds') with ordinality as s (id, n) order by s.n),
         m.last[2],
         p.payload ->> 'currency',
         (p.payload ->> 'subtotalMinor')::bigint,
         (p.payload ->> 'discountMinor')::bigint,
         (p.payload ->> 'shippingMinor')::bigint,
         (p.payload ->> 'totalMinor')::bigint,
         (p.payload ->> 'paymentDueAt')::timestamptz,
         m.version::integer,
         p.occurred_at,
         m.last[3]::timestamptz,
         m.is_latest
    from events.recorded as p
    join (select e.aggregate_id,
                 count(*) filter (where e.position <= p_upto) as version,
                 max(array[lpad(e.position::text, 19, '0'), e.payload ->> 'status', e.occurred_at::text])
                   filter (where e.position <= p_upto) as last,
                 bool_and(e.position <= p_upto) as is_latest
            from events.recorded as e
           where e.aggregate_type = 'order' and e.type <> 'orders.order_free'
             and (p_order_ids is null or e.aggregate_id = any (p_order_ids))
           group by e.aggregate_id) as m on m.aggregate_id = p.aggregate_id
   where p.type = 'orders.order_placed' and p.aggregate_type = 'order'
     and p.position <= p_upto
     and (p_order_ids is null or p.aggregate_id = any (p_order_ids))
$$;
comment on function orders._fold_orders(bigint, uuid[]) is 'Order headers folded from the log up to a number.';
