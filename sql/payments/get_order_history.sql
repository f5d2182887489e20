-- An order, its parts, lines, payments and refunds as they were at a point in time, folded from the event log alone, with a
-- page of the events that led there, oldest first. The point: the last event of the order that is numbered at most p_upto and
-- occurred at p_at or before; without both, the newest. A part's discount and shipping are null where an event of an older
-- release lacks them. Lives in payments, the one domain that may see all of an order; the tables of orders and payments only
-- tell which aggregates belong to it.
-- For ADMIN. Locks: none. Events: none.
-- Problems: 400 core.cursor_invalid; 401; 403; 404 orders.order_not_found (also when the order was placed later);
-- 410 payments.history_archived (the log begins after the order was placed).
-- long: one document, whose shape would be scattered.
create or replace function payments.get_order_history(
  p_ctx core.call_context, p_order_id uuid, p_upto bigint, p_at timestamptz, p_cursor text, p_limit integer
) returns setof payments.order_as_of
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set jit = off
as $$
declare
  v_actor constant identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_after constant text[] := core._decode_cursor(p_cursor, array['bigint']);
  v_order constant orders.orders := orders._require_order(v_actor, p_order_id);
  v_orders constant uuid[] := array[p_order_id];
  v_parts constant uuid[] := array(select inventory._stock_id(s.id, p_order_id) from unnest(v_order.seller_ids) as s (id));
  v_payments constant uuid[] := array(select p.payment_id from payments.payments as p where p.order_id = p_order_id);
  v_seq bigint;
  v_occurred_at timestamptz;
  v_events jsonb;
  v_next_cursor text;
begin
  select e.seq, e.occurred_at into v_seq, v_occurred_at
    from events.recorded as e
   where e.aggregate_id = any (v_orders || v_parts || v_payments)
     and (p_upto is null or e.seq <= p_upto) and (p_at is null or e.occurred_at <= p_at) and e.seq is not null
   order by e.position desc
   limit 1;
  select coalesce(jsonb_agg(to_jsonb(e) - 'n' order by e.seq) filter (where e.n < core._page_limit(p_limit)), '[]'),
         case when max(e.n) = core._page_limit(p_limit)
              then core._encode_cursor((max(e.seq) filter (where e.n < core._page_limit(p_limit)))::text) end
    into v_events, v_next_cursor
    from (select r.seq, r.type, r.aggregate_type as "aggregateType", r.aggregate_id as "aggregateId",
                 r.aggregate_version as "aggregateVersion", r.actor_id as "actorId", r.request_id as "requestId",
                 r.occurred_at as "occurredAt", r.payload, row_number() over (order by r.seq) as n
            from events.recorded as r
           where r.aggregate_id = any (v_orders || v_parts || v_payments)
             and r.seq > coalesce(v_after[1]::bigint, 0) and r.seq <= v_seq
           order by r.seq
           limit core._page_limit(p_limit)) as e;

  return query
  select o.order_id, v_seq, v_occurred_at, o.buyer_id, o.status, o.currency, o.subtotal_minor, o.discount_minor,
         o.shipping_minor, o.total_minor, o.placed_at, o.payment_due_at, o.version, o.updated_at,
         (select jsonb_agg(jsonb_build_object(
                   'sellerId', f.seller_id, 'status', f.status, 'subtotal', core._money(f.subtotal_minor, o.currency),
                   'discount', case when f.discount_minor is not null then core._money(f.discount_minor, o.currency) end,
                   'shipping', case when f.shipping_minor is not null then core._money(f.shipping_minor, o.currency) end,
                   'carrier', f.carrier, 'acceptedAt', f.accepted_at, 'shippedAt', f.shipped_at, 'deliveredAt', f.delivered_at,
                   'version', f.version, 'updatedAt', f.updated_at) order by f.seller_id)
            from orders._fold_fulfilments(v_seq, v_orders, v_parts) as f),
         (select jsonb_agg(jsonb_build_object(
                   'lineNo', l.line_no, 'sellerId', l.seller_id, 'variantId', l.variant_id, 'quantity', l.quantity,
                   'unitPrice', core._money(l.unit_price_minor, o.currency),
                   'discount', case when l.discount_minor is not null then core._money(l.discount_minor, o.currency) end)
                 order by l.line_no)
            from orders._fold_lines(v_seq, v_orders) as l),
         (select coalesce(jsonb_agg(jsonb_build_object(
                   'paymentId', p.payment_id, 'provider', p.provider, 'status', p.status,
                   'amount', core._money(p.amount_minor, p.currency), 'refunded', core._money(p.refunded_minor, p.currency),
                   'failureCode', p.failure_code, 'isSurplus', p.is_surplus, 'version', p.version, 'createdAt', p.created_at,
                   'refunds', (
                     select coalesce(jsonb_agg(jsonb_build_object(
                              'refundId', r.refund_id, 'amount', core._money(r.amount_minor, r.currency), 'status', r.status,
                              'failureCode', r.failure_code, 'sellerIds', r.seller_ids, 'requestedAt', r.requested_at) order by r.refund_id), '[]')
                       from payments._fold_refunds(v_seq, v_payments) as r
                      where r.payment_id = p.payment_id)) order by p.payment_id), '[]')
            from payments._fold_payments(v_seq, v_payments) as p),
         v_events, v_next_cursor
    from orders._fold_orders(v_seq, v_orders) as o;
  if not found then
    if not exists (select from events.recorded as e where e.aggregate_id = p_order_id and e.type = 'orders.order_placed') then
      raise exception 'payments.history_archived' using
        errcode = 'MK410', detail = 'The log begins after the order was placed: its first events are archived.',
        hint = 'GET /orders/{orderId} shows the order as it is now, with its history of statuses.';
    end if;
    raise exception 'orders.order_not_found' using
      errcode = 'MK404', detail = 'The order was placed later.', hint = 'Ask for a later moment.';
  end if;
end
$$;
comment on function payments.get_order_history(core.call_context, uuid, bigint, timestamptz, text, integer) is
  'An order with its parts, lines, payments and refunds as of an event or a moment, folded from the log, and its events.';
grant execute on function payments.get_order_history(core.call_context, uuid, bigint, timestamptz, text, integer)
  to tradepost_api;
