-- The only place where an order's status changes: checks the transition, writes status, history and event, and takes the
-- fulfilments along (cancel and expire cancel the open ones, a payment after expiry reopens them). The new status begins its
-- deadline (orders.due_at) and thereby ends the old one; an order in PROCESSING keeps it while a part is not accepted. Sellers are
-- reminded before theirs.
-- Private; the caller holds the orders' locks, and names each order at most once.
-- Events: the transition's event_type; a cancelled fulfilment is implied by order_cancelled and order_expired.
-- Raises: orders.transition_refused (nothing is changed then).
create or replace function orders._transition(p_requests orders.transition_request[], p_now timestamptz)
returns setof orders.orders
language plpgsql
volatile
as $$
declare
  v_accept_at constant timestamptz := p_now + make_interval(secs => core._setting_int('orders.acceptance_window_s'));
  v_remind_at constant timestamptz := v_accept_at - make_interval(secs => core._setting_int('orders.acceptance_reminder_lead_s'));
  v_complete_at constant timestamptz := p_now + make_interval(secs => core._setting_int('orders.complete_after_s'));
  v_refused record;
begin
  select r.order_id, r.action, o.status into v_refused
  from unnest(p_requests) as r
  left join orders.orders as o on o.order_id = r.order_id
  left join orders.order_transitions as t
    on t.from_status = o.status and t.action = r.action and t.actor_kind = r.actor_kind
  where t.to_status is null limit 1;
  if found then
    raise exception 'orders.transition_refused' using
      errcode = 'MK409',
      detail = format('Order %s is %s; "%s" is not possible now.', v_refused.order_id, v_refused.status, v_refused.action),
      hint = 'GET /orders/{id}/status lists the actions that are.';
  end if;

  return query
  with wanted as (
    select r.*, o.status as from_status, t.to_status, t.event_type
    from unnest(p_requests) as r
    join orders.orders as o on o.order_id = r.order_id
    join orders.order_transitions as t
      on t.from_status = o.status and t.action = r.action and t.actor_kind = r.actor_kind
  ), changed as (
    update orders.orders as o
    set status = w.to_status, version = o.version + 1, updated_at = p_now,
        due_at = case w.to_status
          when 'PENDING_PAYMENT' then o.payment_due_at when 'PAYMENT_FAILED' then o.payment_due_at
          when 'PAID' then v_remind_at
          when 'PROCESSING' then (select o.due_at
                                  where exists (select from orders.fulfilments as f
                                                where f.seller_id = any (o.seller_ids) and f.order_id = o.order_id
                                                  and f.status = 'PENDING'))
          when 'DELIVERED' then v_complete_at end,
        acceptance_due_at = case w.to_status when 'PAID' then v_accept_at when 'PROCESSING' then o.acceptance_due_at end
    from wanted as w
    where o.order_id = w.order_id
    returning o.*
  ), history as (
    insert into orders.order_history
      (order_id, version, from_status, to_status, action, actor_kind, actor_id, reason, created_at)
    select c.order_id, c.version, w.from_status, w.to_status, w.action, w.actor_kind, w.actor_id, w.reason, p_now
    from changed as c
    join wanted as w on w.order_id = c.order_id
  ), staged as (
    insert into events.staging
      (type, aggregate_type, aggregate_id, aggregate_version, actor_id, request_id, audience, payload, occurred_at)
    select w.event_type, 'order', c.order_id, c.version, w.actor_id, w.request_id, c.seller_ids || c.buyer_id,
           jsonb_build_object(
             'orderId', c.order_id, 'status', w.to_status, 'fromStatus', w.from_status, 'buyerId', c.buyer_id,
             'sellerIds', to_jsonb(c.seller_ids), 'currency', c.currency, 'totalMinor', c.total_minor)
           || coalesce(w.payload, '{}'),
           p_now
    from changed as c
    join wanted as w on w.order_id = c.order_id
  ), parts as (
    update orders.fulfilments as f
    set status = case when w.to_status = 'PAID' then 'PENDING' else 'CANCELLED' end,
        version = f.version + 1, updated_at = p_now
    from wanted as w
    join orders.orders as o on o.order_id = w.order_id
    where (w.action in ('cancel', 'expire') or w.from_status = 'EXPIRED')
      and f.seller_id = any (o.seller_ids) and f.order_id = o.order_id
  )
  select c.* from changed as c;
end
$$;
comment on function orders._transition(orders.transition_request[], timestamptz) is
  'Changes the status of locked orders along orders.order_transitions, with history and event; returns the changed rows.';
