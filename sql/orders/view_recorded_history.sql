-- The whole history of orders that can be read: what is in the table, and what was archived and is still there.
create or replace view orders.recorded_history as
select h.order_id, h.version, h.from_status, h.to_status, h.action, h.actor_kind, h.actor_id, h.reason, h.created_at
  from orders.order_history as h
union all
select a.order_id, a.version, a.from_status, a.to_status, a.action, a.actor_kind, a.actor_id, a.reason, a.created_at
  from orders.history_tails as t
  join orders.archived_history as a on a.archived_at = t.archived_at and a.order_id = t.order_id;
comment on view orders.recorded_history is 'History of orders, archived or not; without months of the archive that were taken away.';
