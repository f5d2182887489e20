-- Orders, newest first: a buyer's own, those a seller has a part in (with the sums of that part), all for ADMIN.
-- Called by: anybody logged in. Reads only. Raises: core.cursor_invalid, orders.status_unknown.
create or replace function orders.list_orders(
  p_ctx core.call_context, p_status text, p_cursor text, p_limit integer
)
returns setof orders.view_order_summary
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx);
  v_before uuid := coalesce((core._decode_cursor(p_cursor, array['uuid']))[1], 'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid;
  v_limit integer := core._page_limit(p_limit);
  v_oldest uuid := '00000000-0000-0000-0000-000000000000';
  v_newest uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
begin
  if p_status is not null and not exists (
    select from orders.order_transitions as t where p_status in (t.from_status, t.to_status)
  ) then
    raise exception 'orders.status_unknown' using
      errcode = 'MK422', detail = format('"%s" is not an order status.', p_status),
      hint = 'Statuses are upper-case, such as PAID.', column = 'status';
  end if;
  if v_actor.role = 'SELLER' then
    -- A seller with few orders of this status must not have its whole past searched for them: no order of it is older or newer.
    if p_status is not null then
      select coalesce((select o.order_id from orders.orders as o where o.status = p_status order by o.order_id limit 1), v_before),
             coalesce((select o.order_id from orders.orders as o where o.status = p_status order by o.order_id desc limit 1), v_before)
        into v_oldest, v_newest;
    end if;
    return query
    select o.order_id, o.buyer_id, array[f.seller_id], o.status, o.currency::text,
           f.subtotal_minor, f.discount_minor, f.shipping_minor, f.total_minor,
           o.placed_at, o.payment_due_at, o.version, o.updated_at,
           core._encode_cursor(o.order_id::text)
    from orders.fulfilments as f
    join orders.orders as o on o.order_id = f.order_id
    where f.seller_id = v_actor.seller_id and f.order_id between v_oldest and v_newest and f.order_id < v_before
      and o.order_id between v_oldest and v_newest and o.order_id < v_before
      and (p_status is null or o.status = p_status)
    order by f.order_id desc
    limit v_limit;
  elsif v_actor.role = 'BUYER' then
    return query
    select o.order_id, o.buyer_id, o.seller_ids, o.status, o.currency::text,
           o.subtotal_minor, o.discount_minor, o.shipping_minor, o.total_minor,
           o.placed_at, o.payment_due_at, o.version, o.updated_at,
           core._encode_cursor(o.order_id::text)
    from orders.orders as o
    where o.buyer_id = v_actor.user_id and o.order_id < v_before and (p_status is null or o.status = p_status)
    order by o.order_id desc
    limit v_limit;
  else
    return query
    select o.order_id, o.buyer_id, o.seller_ids, o.status, o.currency::text,
           o.subtotal_minor, o.discount_minor, o.shipping_minor, o.total_minor,
           o.placed_at, o.payment_due_at, o.version, o.updated_at,
           core._encode_cursor(o.order_id::text)
    from orders.orders as o
    where o.order_id < v_before and (p_status is null or o.status = p_status)
    order by o.order_id desc
    limit v_limit;
  end if;
end
$$;
comment on function orders.list_orders(core.call_context, text, text, integer) is
  'A page of orders, newest first; p_status filters, p_cursor continues, p_limit is clamped to 100.';
grant execute on function orders.list_orders(core.call_context, text, text, integer) to tradepost_api;
