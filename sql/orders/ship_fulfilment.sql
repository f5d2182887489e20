-- The seller hands its part of an order to a carrier.
-- Called by: a member of that seller. Repeating it is refused (409), so a lost answer is safe to retry and read.
-- Locks: order, fulfilment. Events: orders.fulfilment_shipped and the order's own transition when it follows.
-- Raises: orders.order_not_found, orders.transition_refused, orders.carrier_required, orders.tracking_number_required.
create or replace function orders.ship_fulfilment(p_ctx core.call_context, p_order_id uuid, p_seller_id uuid, p_carrier text, p_tracking_number text)
returns setof orders.view_order
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(btrim(p_carrier), '') = '' or length(p_carrier) > 100 then
    raise exception 'orders.carrier_required' using
      errcode = 'MK422', detail = 'Name the carrier, in at most 100 characters.',
      hint = 'Send carrier and trackingNumber.', column = 'carrier';
  end if;
  if coalesce(btrim(p_tracking_number), '') = '' or length(p_tracking_number) > 100 then
    raise exception 'orders.tracking_number_required' using
      errcode = 'MK422', detail = 'Give the tracking number, in at most 100 characters.',
      hint = 'Send carrier and trackingNumber.', column = 'trackingNumber';
  end if;
  return query select o.* from orders._move_fulfilment(p_ctx, p_order_id, p_seller_id, 'ship', p_carrier, p_tracking_number) as o;
end
$$;
comment on function orders.ship_fulfilment(core.call_context, uuid, uuid, text, text) is 'The seller hands its part of an order to a carrier. Returns the order as the seller sees it.';
grant execute on function orders.ship_fulfilment(core.call_context, uuid, uuid, text, text) to tradepost_api;
