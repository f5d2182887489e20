-- These foreign keys looked up and locked one parent for each new row, eight times an order. Triggers that look once at all rows of
-- a statement take their place (sql/orders/trigger_*.sql, sql/inventory/trigger_*.sql); the parents are never deleted.
alter table orders.order_lines drop constraint order_lines_fulfilment_fkey;
alter table orders.commissions drop constraint commissions_order_line_fkey;
alter table orders.order_history drop constraint order_history_order_id_fkey;
alter table inventory.movements drop constraint movements_stock_level_fkey;

-- The sequencer empties this table all the time and walks over what is dead in it: cleaned often and without pauses, it stays small.
alter table events.staging set (autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off);
