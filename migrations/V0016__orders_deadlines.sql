-- An order has one deadline at a time, and its row carries it: until when it must be paid, then until when its sellers must
-- accept, then when it completes by itself. One small index finds what is due. See docs/decisions/0011-deadlines-in-their-rows.md.
alter table orders.orders add column due_at timestamptz;
comment on column orders.orders.due_at is
  'The order''s next deadline, which its status names: payment (PENDING_PAYMENT, PAYMENT_FAILED), acceptance by its sellers (PAID; PROCESSING while a part is PENDING), completion (DELIVERED). Null when none runs.';
comment on table orders.orders is 'Order headers. All but status, due_at, version and updated_at is a snapshot that never changes.';

update orders.orders as o
   set due_at = case
         when o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED') then o.payment_due_at
         when o.status = 'DELIVERED'
           then o.updated_at + make_interval(secs => (select s.value from core.settings as s where s.name = 'orders.complete_after_s'))
         else now() + interval '48 hours' end
 where o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED', 'PAID', 'DELIVERED')
    or (o.status = 'PROCESSING'
        and exists (select from orders.fulfilments as f
                     where f.seller_id = any (o.seller_ids) and f.order_id = o.order_id and f.status = 'PENDING'));

drop index orders.orders_payment_due_at_idx;
drop index orders.orders_delivered_idx;
create index orders_due_at_idx on orders.orders (due_at) where due_at is not null;

-- What sellers do not accept in time is cancelled by the marketplace; the other parts of the order go on without it.
insert into orders.order_transitions (from_status, action, to_status, actor_kind, event_type) values
  ('PAID', 'cancel', 'CANCELLED', 'SYSTEM', 'orders.order_cancelled'),
  ('PROCESSING', 'ship', 'SHIPPED', 'SYSTEM', 'orders.order_shipped'),
  ('SHIPPED', 'deliver', 'DELIVERED', 'SYSTEM', 'orders.order_delivered');

comment on column inventory.reservation_lines.freed_at is
  'When the line gave its units back: an expired one to a sale that needed them, a sold one because its seller''s part was cancelled.';

alter table payments.refunds add column seller_ids uuid[];
comment on column payments.refunds.seller_ids is
  'The sellers whose cancelled parts go back; null: the refund is of the whole order and shared by what each seller has left of it.';
alter type payments.refund_request add attribute seller_ids uuid[];

-- What one call of the sweeper did.
create type core.swept as (kind text, done integer);

update events.consumers
   set types = array_append(types, 'orders.fulfilment_cancelled')
 where consumer = 'payments.refunds' and 'orders.fulfilment_cancelled' <> all (types);
