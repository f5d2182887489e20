-- One payment of an order of the caller, with what is needed to ask its provider about it.
-- For the buyer of the order. Locks: none.
-- Problems: 401; 404 orders.order_not_found; 422 payments.payment_unknown.
create or replace function payments.find_payment(p_ctx core.call_context, p_order_id uuid, p_payment_id uuid)
returns setof payments.payments
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor;
  v_order orders.orders;
begin
  v_actor := identity._require_actor(p_ctx);
  select o.* into v_order from orders.orders as o where o.order_id = p_order_id;
  perform payments._require_buyer(v_order, v_actor);
  return query
    select p.* from payments.payments as p where p.payment_id = p_payment_id and p.order_id = p_order_id;
  if not found then
    raise exception 'payments.payment_unknown' using
      errcode = 'MK422',
      detail = 'The order has no payment with this id.',
      hint = 'Take paymentId from the answer that started the payment.',
      column = 'paymentId';
  end if;
end;
$$;
comment on function payments.find_payment(core.call_context, uuid, uuid) is
  'A payment of the caller''s order, for a confirmation that came without the provider''s reference.';
grant execute on function payments.find_payment(core.call_context, uuid, uuid) to tradepost_api;
