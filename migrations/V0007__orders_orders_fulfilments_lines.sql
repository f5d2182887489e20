-- An order is a small header keyed by its own id plus one part per seller, keyed by (seller_id, order_id): the header can
-- live with its buyer and each part with its seller. header.seller_ids leads from the header to the parts by their keys.
create table orders.orders (
  order_id uuid not null,
  buyer_id uuid not null,
  seller_ids uuid[] not null,
  status text not null default 'PENDING_PAYMENT',
  currency char(3) not null,
  subtotal_minor bigint not null,
  discount_minor bigint not null,
  shipping_minor bigint not null,
  total_minor bigint not null,
  coupon_codes text[] not null default '{}',
  shipping_address jsonb not null,
  placed_at timestamptz not null,
  payment_due_at timestamptz not null,
  version integer not null default 1,
  updated_at timestamptz not null,
  constraint orders_pkey primary key (order_id),
  constraint orders_status_check check (status in ('PENDING_PAYMENT', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED',
    'CANCELLED', 'EXPIRED', 'PAYMENT_FAILED', 'PARTIALLY_REFUNDED', 'REFUNDED')),
  constraint orders_subtotal_minor_check check (subtotal_minor > 0),
  constraint orders_discount_within_charges_check check (discount_minor between 0 and subtotal_minor + shipping_minor),
  constraint orders_shipping_minor_check check (shipping_minor >= 0),
  constraint orders_total_is_sum_check check (total_minor = subtotal_minor + shipping_minor - discount_minor)
) with (fillfactor = 80);
comment on table orders.orders is 'Order headers. All but status, version and updated_at is a snapshot that never changes.';
comment on column orders.orders.shipping_minor is 'Shipping fees before discounts; discount_minor holds the discounts on lines and on shipping.';
create index orders_buyer_id_idx on orders.orders (buyer_id, order_id);
create index orders_status_idx on orders.orders (status, order_id);
create index orders_payment_due_at_idx on orders.orders (payment_due_at) where status in ('PENDING_PAYMENT', 'PAYMENT_FAILED');
create index orders_delivered_idx on orders.orders (updated_at) where status = 'DELIVERED';

create table orders.fulfilments (
  seller_id uuid not null,
  order_id uuid not null,
  status text not null default 'PENDING',
  subtotal_minor bigint not null,
  discount_minor bigint not null,
  shipping_minor bigint not null,
  total_minor bigint not null,
  carrier text,
  tracking_number text,
  accepted_at timestamptz,
  shipped_at timestamptz,
  delivered_at timestamptz,
  version integer not null default 1,
  updated_at timestamptz not null,
  constraint fulfilments_pkey primary key (seller_id, order_id),
  constraint fulfilments_status_check check (status in ('PENDING', 'ACCEPTED', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
  constraint fulfilments_total_is_sum_check check (total_minor = subtotal_minor + shipping_minor - discount_minor),
  constraint fulfilments_shipped_has_tracking_check
    check (status not in ('SHIPPED', 'DELIVERED') or (carrier is not null and tracking_number is not null))
) with (fillfactor = 80);
comment on table orders.fulfilments is 'One part per seller of an order: what that seller ships, and its sums.';

create table orders.order_lines (
  seller_id uuid not null,
  order_id uuid not null,
  line_no smallint not null,
  variant_id uuid not null,
  product_id uuid not null,
  title text not null,
  sku text not null,
  axis_values jsonb not null,
  quantity integer not null,
  unit_price_minor bigint not null,
  subtotal_minor bigint not null,
  discount_minor bigint not null,
  total_minor bigint not null,
  constraint order_lines_pkey primary key (seller_id, order_id, line_no),
  constraint order_lines_fulfilment_fkey foreign key (seller_id, order_id) references orders.fulfilments (seller_id, order_id),
  constraint order_lines_quantity_check check (quantity > 0),
  constraint order_lines_subtotal_is_product_check check (subtotal_minor = quantity * unit_price_minor),
  constraint order_lines_discount_within_subtotal_check check (discount_minor between 0 and subtotal_minor),
  constraint order_lines_total_is_sum_check check (total_minor = subtotal_minor - discount_minor)
);
comment on table orders.order_lines is 'What was bought, at which price: a snapshot that never changes.';

create table orders.adjustments (
  seller_id uuid not null,
  order_id uuid not null,
  adjustment_no smallint not null,
  line_no smallint,
  promotion_id uuid not null,
  promotion_version integer not null,
  coupon_code text,
  target text not null,
  amount_minor bigint not null,
  constraint adjustments_pkey primary key (seller_id, order_id, adjustment_no),
  constraint adjustments_fulfilment_fkey foreign key (seller_id, order_id) references orders.fulfilments (seller_id, order_id),
  constraint adjustments_target_check check (target in ('ORDER', 'LINES', 'SHIPPING')),
  constraint adjustments_line_or_shipping_check check ((target = 'SHIPPING') = (line_no is null)),
  constraint adjustments_amount_minor_check check (amount_minor > 0)
);
comment on table orders.adjustments is 'Each promotion''s share on each line or seller''s shipping: the derivation of discount_minor. Never changes.';

create table orders.commissions (
  seller_id uuid not null,
  order_id uuid not null,
  line_no smallint not null,
  rule_id uuid,
  rule_version integer,
  percent_bp integer not null,
  fixed_minor bigint not null,
  base_minor bigint not null,
  amount_minor bigint not null,
  constraint commissions_pkey primary key (seller_id, order_id, line_no),
  constraint commissions_order_line_fkey foreign key (seller_id, order_id, line_no)
    references orders.order_lines (seller_id, order_id, line_no),
  constraint commissions_amount_within_base_check check (amount_minor between 0 and base_minor)
);
comment on table orders.commissions is 'What the marketplace keeps of each line and the rule version behind it: a snapshot that never changes.';
comment on column orders.commissions.rule_id is 'Null when no rule applied; the commission is then 0.';

create table orders.order_transitions (
  from_status text not null,
  action text not null,
  to_status text not null,
  actor_kind text not null,
  event_type text not null,
  constraint order_transitions_pkey primary key (from_status, action, actor_kind)
);
comment on table orders.order_transitions is 'Every allowed change of an order''s status and the event it appends; a trigger refuses all others.';
insert into orders.order_transitions (from_status, action, to_status, actor_kind, event_type) values
  ('PENDING_PAYMENT', 'pay', 'PAID', 'SYSTEM', 'orders.order_paid'),
  ('PENDING_PAYMENT', 'fail_payment', 'PAYMENT_FAILED', 'SYSTEM', 'orders.order_payment_failed'),
  ('PENDING_PAYMENT', 'expire', 'EXPIRED', 'SYSTEM', 'orders.order_expired'),
  ('PENDING_PAYMENT', 'cancel', 'CANCELLED', 'BUYER', 'orders.order_cancelled'),
  ('PENDING_PAYMENT', 'cancel', 'CANCELLED', 'ADMIN', 'orders.order_cancelled'),
  ('PAYMENT_FAILED', 'retry_payment', 'PENDING_PAYMENT', 'BUYER', 'orders.order_payment_retried'),
  ('PAYMENT_FAILED', 'pay', 'PAID', 'SYSTEM', 'orders.order_paid'),
  ('PAYMENT_FAILED', 'expire', 'EXPIRED', 'SYSTEM', 'orders.order_expired'),
  ('PAYMENT_FAILED', 'cancel', 'CANCELLED', 'BUYER', 'orders.order_cancelled'),
  ('PAYMENT_FAILED', 'cancel', 'CANCELLED', 'ADMIN', 'orders.order_cancelled'),
  ('EXPIRED', 'pay', 'PAID', 'SYSTEM', 'orders.order_paid'),
  ('PAID', 'accept', 'PROCESSING', 'SELLER', 'orders.order_accepted'),
  ('PAID', 'cancel', 'CANCELLED', 'BUYER', 'orders.order_cancelled'),
  ('PAID', 'cancel', 'CANCELLED', 'ADMIN', 'orders.order_cancelled'),
  ('PROCESSING', 'cancel', 'CANCELLED', 'ADMIN', 'orders.order_cancelled'),
  ('PROCESSING', 'ship', 'SHIPPED', 'SELLER', 'orders.order_shipped'),
  ('SHIPPED', 'deliver', 'DELIVERED', 'SELLER', 'orders.order_delivered'),
  ('DELIVERED', 'complete', 'COMPLETED', 'SYSTEM', 'orders.order_completed'),
  ('CANCELLED', 'refund', 'REFUNDED', 'SYSTEM', 'orders.order_refunded'),
  ('DELIVERED', 'refund_part', 'PARTIALLY_REFUNDED', 'SYSTEM', 'orders.order_partially_refunded'),
  ('COMPLETED', 'refund_part', 'PARTIALLY_REFUNDED', 'SYSTEM', 'orders.order_partially_refunded'),
  ('DELIVERED', 'refund', 'REFUNDED', 'SYSTEM', 'orders.order_refunded'),
  ('COMPLETED', 'refund', 'REFUNDED', 'SYSTEM', 'orders.order_refunded'),
  ('PARTIALLY_REFUNDED', 'refund', 'REFUNDED', 'SYSTEM', 'orders.order_refunded');

create table orders.fulfilment_transitions (
  from_status text not null,
  action text not null,
  to_status text not null,
  actor_kind text not null,
  constraint fulfilment_transitions_pkey primary key (from_status, action, actor_kind)
);
comment on table orders.fulfilment_transitions is 'Every allowed change of a fulfilment''s status; a trigger refuses all others.';
insert into orders.fulfilment_transitions (from_status, action, to_status, actor_kind) values
  ('PENDING', 'accept', 'ACCEPTED', 'SELLER'),
  ('ACCEPTED', 'ship', 'SHIPPED', 'SELLER'),
  ('SHIPPED', 'deliver', 'DELIVERED', 'SELLER'),
  ('PENDING', 'cancel', 'CANCELLED', 'SYSTEM'),
  ('ACCEPTED', 'cancel', 'CANCELLED', 'SYSTEM'),
  ('CANCELLED', 'reopen', 'PENDING', 'SYSTEM');

create table orders.order_history (
  order_id uuid not null,
  version integer not null,
  from_status text,
  to_status text not null,
  action text not null,
  actor_kind text not null,
  actor_id uuid,
  reason text,
  created_at timestamptz not null,
  constraint order_history_pkey primary key (order_id, version),
  constraint order_history_order_id_fkey foreign key (order_id) references orders.orders (order_id)
);
comment on table orders.order_history is 'Every status change of an order: who, when, why.';

-- One wished change of an order's status, as batch functions hand them to orders._transition.
create type orders.transition_request as (
  order_id uuid, action text, actor_kind text, actor_id uuid, request_id text, reason text, payload jsonb
);

-- One request of a place_orders batch on its way through the function: the parsed request, then its fate.
create type orders.placing as (
  request_no integer, buyer_id uuid, session_id uuid, request_id text, idempotency_key text, request_hash bytea,
  currency text, coupon_codes text[], shipping_address jsonb, lines jsonb,
  order_id uuid, same_as integer, is_replayed boolean,
  problem_status integer, problem_code text, problem_detail text, problem_hint text, problem_errors jsonb
);

-- One answer of place_orders: either the problem_* columns are set or the order's.
create type orders.placed_order as (
  request_no integer, is_replayed boolean,
  problem_status integer, problem_code text, problem_detail text, problem_hint text, problem_errors jsonb,
  order_id uuid, buyer_id uuid, status text, currency text,
  subtotal_minor bigint, discount_minor bigint, shipping_minor bigint, total_minor bigint,
  coupon_codes text[], shipping_address jsonb, placed_at timestamptz, payment_due_at timestamptz,
  version integer, updated_at timestamptz, fulfilments jsonb
);

-- What orders._decide answers: the placings with their fate, and the adjustments that hold after limits were counted.
create type orders.decision as (placings orders.placing[], adjustments pricing.adjustment[]);
