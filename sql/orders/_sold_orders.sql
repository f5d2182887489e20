-- The orders of a period that were sold and stayed sold. Order ids are UUIDv7, so the primary key finds the period: the cost
-- follows it and not the size of the table. An id carries real time, which core.clock moves only in tests: hence the day around.
-- Private; reads only. Raises: orders.period_invalid.
create or replace function orders._sold_orders(p_from timestamptz, p_until timestamptz)
returns uuid[]
language plpgsql
stable
as $$
declare
  v_max constant integer := core._setting_int('orders.simulation_orders_max');
  v_order_ids uuid[];
begin
  if not coalesce(p_until > p_from and p_until <= p_from + interval '366 days', false) then
    raise exception 'orders.period_invalid' using
      errcode = 'MK422', detail = 'A period begins before it ends and is not longer than 366 days.',
      hint = 'Give from, and until after it.', column = 'until';
  end if;
  select array_agg(o.order_id) into v_order_ids
  from (select o.order_id
        from orders.orders as o
        where o.order_id >= orders._id_at(p_from - interval '1 day') and o.order_id < orders._id_at(p_until + interval '1 day')
          and o.placed_at >= p_from and o.placed_at < p_until
          and o.status in ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'PARTIALLY_REFUNDED')
        limit v_max + 1) as o;
  if cardinality(v_order_ids) > v_max then
    raise exception 'orders.period_invalid' using
      errcode = 'MK422', detail = format('More than %s orders were sold in the period.', v_max),
      hint = 'Choose a shorter period.', column = 'until';
  end if;
  return coalesce(v_order_ids, '{}');
end
$$;
comment on function orders._sold_orders(timestamptz, timestamptz) is 'The sold orders of a period, boundedly many.';
