-- The shape of orders.get_order_status: where an order stands, how it came there, what the caller can do next.
create or replace view orders.view_order_status as
select o.order_id, o.status, o.version, o.updated_at,
       (select coalesce(jsonb_agg(jsonb_build_object(
                 'version', h.version, 'fromStatus', h.from_status, 'toStatus', h.to_status, 'action', h.action,
                 'actorKind', h.actor_kind, 'actorId', h.actor_id, 'reason', h.reason, 'at', h.created_at)
               order by h.version), '[]')
        from orders.recorded_history as h where h.order_id = o.order_id) as history,
       '{}'::text[] as allowed_actions,
       false as is_replayed
from orders.orders as o;
comment on view orders.view_order_status is 'Order status with its history; allowed_actions is filled per caller by orders.get_order_status, is_replayed by orders.cancel_order.';
