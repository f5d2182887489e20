-- Sellers are reminded before their time to accept is over. An order still waits for one thing at a time: due_at is when the sweeper looks
-- at it next, first to remind, then to cancel; until when sellers may accept is a column of its own, without an index.
alter table orders.orders add column acceptance_due_at timestamptz;
comment on column orders.orders.acceptance_due_at is
  'Until when the sellers must accept their parts, while PAID or PROCESSING. due_at is earlier until they were reminded.';
comment on column orders.orders.due_at is
  'What the clock does next to the order, which its status names: payment (PENDING_PAYMENT, PAYMENT_FAILED), reminder of its sellers or their acceptance (PAID; PROCESSING while a part is PENDING), completion (DELIVERED). Null when none runs.';
comment on table orders.orders is
  'Order headers. All but status, due_at, acceptance_due_at, version and updated_at is a snapshot that never changes.';
update orders.orders as o set acceptance_due_at = o.due_at where o.status in ('PAID', 'PROCESSING') and o.due_at is not null;

-- Of the starts of payments in one piece of a batch none repeats another.
alter type payments.starting drop attribute same_as;
