-- Cancels the parts of orders in PROCESSING that are still PENDING. The order then takes the step that only they held up.
-- Private; the caller holds the locks of the orders and of their stock rows. Locks: fulfilments, reservations.
-- Events: orders.fulfilment_cancelled; orders.order_shipped, order_delivered.
create or replace function orders._cancel_parts(p_order_ids uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
as $$
declare
  v_parts orders.fulfilments[];
  v_steps orders.transition_request[];
begin
  with cancelled as (
    update orders.fulfilments as f
    set status = 'CANCELLED', version = f.version + 1, updated_at = p_now
    from orders.orders as o
    where o.order_id = any (p_order_ids) and f.seller_id = any (o.seller_ids) and f.order_id = o.order_id
      and f.status = 'PENDING'
    returning f.*
  )
  select array_agg(c::orders.fulfilments order by c.order_id, c.seller_id) into v_parts from cancelled as c;
  perform inventory._return_lines(
    array(select p.order_id from unnest(v_parts) as p), array(select p.seller_id from unnest(v_parts) as p), p_now, null);
  update orders.orders as o set due_at = null where o.order_id = any (p_order_ids);
  perform events._append('fulfilment', inventory._stock_id(p.seller_id, p.order_id), p.version,
                         'orders.fulfilment_cancelled', null, null, array[p.seller_id, o.buyer_id],
                         jsonb_build_object('orderId', p.order_id, 'sellerId', p.seller_id, 'status', p.status,
                                            'reason', 'not accepted in time'))
  from unnest(v_parts) as p
  join orders.orders as o on o.order_id = p.order_id;

  loop
    v_steps := array(
      select row(o.order_id, orders._order_action_after(o), 'SYSTEM', null, null, 'a part was cancelled', null)::orders.transition_request
      from orders.orders as o
      where o.order_id = any (p_order_ids) and orders._order_action_after(o) is not null
      order by o.order_id);
    exit when cardinality(v_steps) = 0;
    perform orders._transition(v_steps, p_now);
  end loop;
end
$$;
comment on function orders._cancel_parts(uuid[], timestamptz) is
  'Cancels the PENDING parts of orders that other sellers have accepted, returns their stock, and moves the orders on.';
