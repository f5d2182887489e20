-- The payments of an order with their refunds, oldest first.
-- For the buyer of the order and for ADMIN. Locks: none.
-- Problems: 400 core.cursor_invalid; 401; 404 orders.order_not_found.
create or replace function payments.list_payments(
  p_ctx core.call_context, p_order_id uuid, p_cursor text, p_limit integer
) returns setof payments.payment_listing
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor;
  v_order orders.orders;
  v_after constant text[] := core._decode_cursor(p_cursor, array['uuid']);
begin
  v_actor := identity._require_actor(p_ctx);
  select o.* into v_order from orders.orders as o where o.order_id = p_order_id;
  if v_actor.role <> 'ADMIN' or v_order.order_id is null then
    perform payments._require_buyer(v_order, v_actor);
  end if;
  return query
    select p.payment_id, p.order_id, v_order.status, p.status, p.amount_minor, p.currency::text, p.refunded_minor,
           p.provider, p.provider_reference, p.failure_code, p.version, p.created_at, p.updated_at,
           coalesce((select jsonb_agg(jsonb_build_object(
                              'refundId', r.refund_id, 'paymentId', r.payment_id, 'orderId', r.order_id,
                              'amount', jsonb_build_object('amountMinor', r.amount_minor, 'currency', r.currency),
                              'reason', r.reason, 'status', r.status, 'failureCode', r.failure_code,
                              'createdAt', r.created_at, 'updatedAt', r.updated_at) order by r.refund_id)
                       from payments.refunds as r
                      where r.payment_id = p.payment_id), '[]'),
           core._encode_cursor(p.payment_id::text)
      from payments.payments as p
     where p.order_id = p_order_id
       and (v_after is null or p.payment_id > v_after[1]::uuid)
     order by p.payment_id
     limit core._page_limit(p_limit);
end;
$$;
comment on function payments.list_payments(core.call_context, uuid, text, integer) is
  'Payments and refunds of an order, for its buyer and administrators.';
grant execute on function payments.list_payments(core.call_context, uuid, text, integer) to tradepost_api;
