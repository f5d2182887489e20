-- Compares orders, their parts, lines and history with what the log tells up to p_upto. Of what something happened to after
-- p_upto, only that is compared which never changes; the history keeps each version's status, so it is compared whole,
-- with its archive; versions whose archive was taken away are left out.
-- Called by events.replay_check. Private. Locks: none.
-- long: one comparison per table.
create or replace function orders._replay_check(p_upto bigint)
returns setof core.replay_difference
language plpgsql
stable
as $$
declare
  v_is_whole constant boolean := p_upto = 9223372036854775807;
begin
  return query
  select 'order', coalesce(f.order_id, t.order_id)::text, d.field, d.expected, d.found
    from orders._fold_orders(p_upto, null) as f
    full join orders.orders as t on t.order_id = f.order_id
    left join lateral (
      select f.buyer_id, f.seller_ids, f.currency, f.subtotal_minor, f.discount_minor, f.shipping_minor, f.total_minor,
             f.placed_at, f.payment_due_at,
             case when f.is_latest then f.status else t.status end as status,
             case when f.is_latest then f.version else t.version end as version,
             case when f.is_latest then f.updated_at else t.updated_at end as updated_at) as log on f.order_id is not null
    left join lateral (
      select t.buyer_id, t.seller_ids, t.currency::text as currency, t.subtotal_minor, t.discount_minor, t.shipping_minor,
             t.total_minor, t.placed_at, t.payment_due_at, t.status, t.version, t.updated_at) as tab on t.order_id is not null
   cross join lateral core._differences(to_jsonb(log), to_jsonb(tab)) as d
   where log is distinct from tab and (f.order_id is not null or v_is_whole);

  return query
  select 'fulfilment', format('%s/%s', coalesce(f.order_id, t.order_id), coalesce(f.seller_id, t.seller_id)),
         d.field, d.expected, d.found
    from orders._fold_fulfilments(p_upto, null, null) as f
    full join orders.fulfilments as t on t.seller_id = f.seller_id and t.order_id = f.order_id
    left join lateral (
      select f.subtotal_minor, coalesce(f.discount_minor, t.discount_minor) as discount_minor,
             coalesce(f.shipping_minor, t.shipping_minor) as shipping_minor,
             -- the carrier is told since the events tell sums of parts
             case when f.is_latest and f.discount_minor is not null then f.carrier else t.carrier end as carrier,
             case when f.is_latest then f.status else t.status end as status,
             case when f.is_latest then f.version else t.version end as version,
             case when f.is_latest then f.accepted_at else t.accepted_at end as accepted_at,
             case when f.is_latest then f.shipped_at else t.shipped_at end as shipped_at,
             case when f.is_latest then f.delivered_at else t.delivered_at end as delivered_at,
             case when f.is_latest then f.updated_at else t.updated_at end as updated_at) as log on f.order_id is not null
    left join lateral (
      select t.subtotal_minor, t.discount_minor, t.shipping_minor, t.carrier, t.status, t.version, t.accepted_at,
             t.shipped_at, t.delivered_at, t.updated_at) as tab on t.order_id is not null
   cross join lateral core._differences(to_jsonb(log), to_jsonb(tab)) as d
   where log is distinct from tab and (f.order_id is not null or v_is_whole);

  return query
  select 'order_line', format('%s/%s', coalesce(f.order_id, t.order_id), coalesce(f.line_no, t.line_no)),
         d.field, d.expected, d.found
    from orders._fold_lines(p_upto, null) as f
    full join orders.order_lines as t on t.seller_id = f.seller_id and t.order_id = f.order_id and t.line_no = f.line_no
    left join lateral (
      select f.variant_id, f.quantity, f.unit_price_minor, coalesce(f.discount_minor, t.discount_minor) as discount_minor)
      as log on f.order_id is not null
    left join lateral (
      select t.variant_id, t.quantity, t.unit_price_minor, t.discount_minor) as tab on t.order_id is not null
   cross join lateral core._differences(to_jsonb(log), to_jsonb(tab)) as d
   where log is distinct from tab and (f.order_id is not null or v_is_whole);

  return query
  select 'order_history', format('%s/%s', coalesce(f.aggregate_id, t.order_id), coalesce(f.aggregate_version, t.version)),
         d.field, d.expected, d.found
    from (select e.aggregate_id, e.aggregate_version, e.payload, e.actor_id, e.occurred_at
            from events.recorded as e
           where e.aggregate_type = 'order' and e.type <> 'orders.order_free' and e.position <= p_upto
             and not exists (select from orders.missing_history as m
                              where m.order_id = e.aggregate_id and m.version >= e.aggregate_version)) as f
    full join orders.recorded_history as t on t.order_id = f.aggregate_id and t.version = f.aggregate_version
    left join lateral (
      select f.payload ->> 'status' as to_status, f.payload ->> 'fromStatus' as from_status, f.actor_id,
             f.occurred_at as created_at) as log on f.aggregate_id is not null
    left join lateral (
      select t.to_status, t.from_status, t.actor_id, t.created_at) as tab on t.order_id is not null
   cross join lateral core._differences(to_jsonb(log), to_jsonb(tab)) as d
   where log is distinct from tab and (f.aggregate_id is not null or v_is_whole);
end
$$;
comment on function orders._replay_check(bigint) is 'Differences between orders and the log up to a number.';
