-- The order must exist and be the caller's own; what one may not see does not exist.
-- Private. Raises: orders.order_not_found.
create or replace function payments._require_buyer(p_order orders.orders, p_actor identity.actor) returns void
language plpgsql
stable
as $$
begin
  if p_order.buyer_id is distinct from p_actor.user_id then
    raise exception 'orders.order_not_found' using
      errcode = 'MK404',
      detail = 'There is no such order.',
      hint = 'GET /orders lists your orders.';
  end if;
end;
$$;
comment on function payments._require_buyer(orders.orders, identity.actor) is
  'Refuses orders that do not exist or belong to another buyer, in the same words.';
