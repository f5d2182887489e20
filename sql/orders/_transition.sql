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
  v_changed orders.orders[];
  v_refused record;
begin
  with wanted as (
    select r.*, o.status as from_status, t.to_status, t.event_type
    from unnest(p_requests) as r
    cross join lateral (select o.status from orders.orders as o where o.order_id = r.order_id offset 0) as o
    cross join lateral (
      select t.to_status, t.event_type from orders.order_transitions as t
      where t.from_status = o.status and t.action = r.action and t.actor_kind = r.actor_kind offset 0) as t
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
    returning o as entry, w.from_status, w.to_status, w.action, w.actor_kind, w.actor_id, w.request_id, w.reason, w.payload, w.event_type
  ), history as (
    insert into orders.order_history
      (order_id, version, from_status, to_status, action, actor_kind, actor_id, reason, created_at)
    select (c.entry).order_id, (c.entry).version, c.from_status, c.to_status, c.action, c.actor_kind, c.actor_id, c.reason, p_now
    from changed as c
  ), staged as (
    insert into events.outbox (drafts)
    select array_agg(row(
           c.event_type, 'order', (c.entry).order_id, (c.entry).version, c.actor_id, c.request_id,
           (c.entry).seller_ids || (c.entry).buyer_id,
           jsonb_build_object(
             'orderId', (c.entry).order_id, 'status', c.to_status, 'fromStatus', c.from_status, 'buyerId', (c.entry).buyer_id,
             'sellerIds', to_jsonb((c.entry).seller_ids), 'currency', (c.entry).currency, 'totalMinor', (c.entry).total_minor)
           || coalesce(c.payload, '{}'),
           p_now)::events.draft)
    from changed as c
    having count(*) > 0
  ), parts as (
    update orders.fulfilments as f
    set status = case when c.to_status = 'PAID' then 'PENDING' else 'CANCELLED' end,
        version = f.version + 1, updated_at = p_now
    from changed as c
    where (c.action in ('cancel', 'expire') or c.from_status = 'EXPIRED')
      and f.seller_id = any ((c.entry).seller_ids) and f.order_id = (c.entry).order_id
  )
  select array_agg(c.entry) into v_changed from changed as c;

  if coalesce(cardinality(v_changed), 0) < cardinality(p_requests) then
    select r.order_id, r.action, o.status into v_refused
    from unnest(p_requests) as r
    left join unnest(v_changed) as c on c.order_id = r.order_id
    left join lateral (select o.status from orders.orders as o where o.order_id = r.order_id offset 0) as o on true
    where c.order_id is null limit 1;
    raise exception 'orders.transition_refused' using
      errcode = 'MK409',
      detail = format('Order %s is %s; "%s" is not possible now.', v_refused.order_id, v_refused.status, v_refused.action),
      hint = 'GET /orders/{id}/status lists the actions that are.';
  end if;
  return query select c.* from unnest(v_changed) as c;
end
$$;
comment on function orders._transition(orders.transition_request[], timestamptz) is
  'Changes the status of locked orders along orders.order_transitions, with history and event; returns the changed rows.';
