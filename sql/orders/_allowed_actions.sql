-- What an actor can do with an order now, in the words of the API: pay, cancel, accept, ship, deliver, refund. Private; reads only.
create or replace function orders._allowed_actions(p_actor identity.actor, p_order orders.orders)
returns text[]
language sql
stable
as $$
  select coalesce(array_agg(distinct a.action order by a.action), '{}')
  from (
    select t.action
    from orders.order_transitions as t
    where t.from_status = p_order.status and t.actor_kind = p_actor.role and t.action = 'cancel'
      and (p_actor.role = 'ADMIN' or p_order.buyer_id = p_actor.user_id)
    union all
    select 'pay'
    where p_order.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED') and p_order.buyer_id = p_actor.user_id
      and p_order.payment_due_at > core.now()
    union all
    select 'refund'
    where p_actor.role = 'ADMIN' and p_order.status in ('DELIVERED', 'COMPLETED', 'PARTIALLY_REFUNDED')
    union all
    select t.action
    from orders.fulfilments as f
    join orders.fulfilment_transitions as t on t.from_status = f.status and t.actor_kind = 'SELLER'
    where f.seller_id = p_actor.seller_id and f.order_id = p_order.order_id
      and p_order.status in ('PAID', 'PROCESSING', 'SHIPPED')
      and (t.action <> 'accept' or p_order.acceptance_due_at > core.now())
  ) as a
$$;
comment on function orders._allowed_actions(identity.actor, orders.orders) is 'Actions on the order that the actor could take now.';
