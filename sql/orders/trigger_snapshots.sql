-- What was agreed when an order was placed never changes: no UPDATE of a snapshot column, no DELETE, by anybody.
create or replace function orders.trigger_snapshots()
returns trigger
language plpgsql
as $$
begin
  raise exception 'orders.snapshot_immutable' using
    errcode = 'MK409',
    detail = format('%s of %I.%I is refused: orders keep what was agreed when they were placed.',
                    tg_op, tg_table_schema, tg_table_name),
    hint = 'Record a new fact (a refund, a cancellation) instead.';
end
$$;
comment on function orders.trigger_snapshots() is 'Trigger: refuses changes of order snapshots.';

create or replace trigger orders_snapshot_update
before update of order_id, buyer_id, seller_ids, currency, subtotal_minor, discount_minor, shipping_minor, total_minor,
  coupon_codes, shipping_address, placed_at, payment_due_at on orders.orders
for each statement execute function orders.trigger_snapshots();
create or replace trigger orders_snapshot_delete
before delete on orders.orders
for each statement execute function orders.trigger_snapshots();

create or replace trigger fulfilments_snapshot_update
before update of seller_id, order_id, subtotal_minor, discount_minor, shipping_minor, total_minor on orders.fulfilments
for each statement execute function orders.trigger_snapshots();
create or replace trigger fulfilments_snapshot_delete
before delete on orders.fulfilments
for each statement execute function orders.trigger_snapshots();

create or replace trigger order_lines_snapshot
before update or delete on orders.order_lines
for each statement execute function orders.trigger_snapshots();
create or replace trigger adjustments_snapshot
before update or delete on orders.adjustments
for each statement execute function orders.trigger_snapshots();
create or replace trigger commissions_snapshot
before update or delete on orders.commissions
for each statement execute function orders.trigger_snapshots();
create or replace trigger shipping_commissions_snapshot
before update or delete on orders.shipping_commissions
for each statement execute function orders.trigger_snapshots();
-- a DELETE of history: see trigger_history_archived
create or replace trigger order_history_snapshot
before update on orders.order_history
for each statement execute function orders.trigger_snapshots();
-- row by row, because that reaches whoever names a partition
create or replace trigger archived_history_snapshot
before update or delete on orders.archived_history
for each row execute function orders.trigger_snapshots();
create or replace trigger history_tails_snapshot
before update or delete on orders.history_tails
for each statement execute function orders.trigger_snapshots();
