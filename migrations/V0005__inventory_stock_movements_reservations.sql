create table inventory.stock_levels (
  seller_id uuid not null,
  variant_id uuid not null,
  on_hand integer not null default 0,
  reserved integer not null default 0,
  low_stock_threshold integer not null,
  is_low boolean not null default true,
  version integer not null default 1,
  change_no bigint not null default 1,
  updated_at timestamptz not null,
  constraint stock_levels_pkey primary key (seller_id, variant_id),
  constraint stock_levels_offer_fkey foreign key (seller_id, variant_id) references catalog.offers (seller_id, variant_id),
  constraint stock_levels_reserved_not_negative_check check (reserved >= 0),
  constraint stock_levels_reserved_within_on_hand_check check (on_hand >= reserved),
  constraint stock_levels_low_stock_threshold_check check (low_stock_threshold >= 0)
) with (fillfactor = 50);
comment on table inventory.stock_levels is
  'Stock of one offer. available = on_hand - reserved; the counters only move together with a movement or a hold.';
comment on column inventory.stock_levels.version is 'Grows with a person''s changes (ETag of the stock resource); sales do not touch it.';
comment on column inventory.stock_levels.change_no is 'Grows with every change of the row; version of the stock aggregate in the event log.';
comment on column inventory.stock_levels.is_low is
  'Whether available was at or below the threshold after the last change; makes the low-stock event once per crossing.';
create index stock_levels_low_idx on inventory.stock_levels (seller_id, variant_id) where is_low;

create table inventory.movements (
  seller_id uuid not null,
  movement_id uuid not null,
  variant_id uuid not null,
  kind text not null,
  quantity_delta integer not null,
  on_hand_after integer not null,
  reason text,
  reference_id uuid,
  actor_id uuid,
  created_at timestamptz not null,
  constraint movements_pkey primary key (seller_id, movement_id),
  constraint movements_stock_level_fkey foreign key (seller_id, variant_id)
    references inventory.stock_levels (seller_id, variant_id),
  constraint movements_kind_check check (kind in ('SET', 'ADJUST', 'SALE', 'RETURN')),
  constraint movements_on_hand_after_check check (on_hand_after >= 0)
);
comment on table inventory.movements is 'Every change of on_hand, append-only: stock is the sum of its movements.';
comment on column inventory.movements.reference_id is
  'The reservation (an order''s reservation has the order''s id) behind a SALE or RETURN.';
create index movements_stock_level_idx on inventory.movements (seller_id, variant_id, movement_id);

create table inventory.reservations (
  reservation_id uuid not null,
  account_id uuid not null,
  is_order boolean not null default false,
  reference text,
  seller_ids uuid[] not null,
  status text not null default 'HELD',
  expires_at timestamptz not null,
  created_at timestamptz not null,
  resolved_at timestamptz,
  constraint reservations_pkey primary key (reservation_id),
  constraint reservations_status_check check (status in ('HELD', 'CONFIRMED', 'RELEASED', 'EXPIRED', 'RETURNED')),
  constraint reservations_resolved_check check ((status = 'HELD') = (resolved_at is null)),
  constraint reservations_reference_length_check check (length(reference) <= 200)
) with (fillfactor = 70);
comment on table inventory.reservations is
  'A hold on stock. It counts only while HELD and before expires_at; expiry is a condition, the sweeper merely tidies up.';
comment on column inventory.reservations.is_order is 'The hold of an order; its id is the order''s. Only the order''s own actions may end it.';
create index reservations_held_expires_at_idx on inventory.reservations (expires_at) where status = 'HELD';

create table inventory.reservation_lines (
  seller_id uuid not null,
  reservation_id uuid not null,
  variant_id uuid not null,
  quantity integer not null,
  freed_at timestamptz,
  constraint reservation_lines_pkey primary key (seller_id, reservation_id, variant_id),
  constraint reservation_lines_quantity_check check (quantity > 0)
);
comment on table inventory.reservation_lines is
  'What a reservation holds, one row per stock row. A line changes only under the lock of its stock row.';
comment on column inventory.reservation_lines.freed_at is
  'When an expired line gave its units back to a sale that needed them, before the sweeper came by.';

-- Shapes in which holds travel between functions: one call handles the lines of many reservations.
create type inventory.stock_key as (seller_id uuid, variant_id uuid);
create type inventory.hold as (
  reservation_id uuid, account_id uuid, is_order boolean, reference text, seller_ids uuid[], expires_at timestamptz
);
create type inventory.hold_line as (reservation_id uuid, seller_id uuid, variant_id uuid, quantity integer);
create type inventory.stock_move as (seller_id uuid, variant_id uuid, on_hand_delta integer, reserved_delta integer);

-- One request of a reserve_stock batch on its way through the function: the parsed request, then its fate.
create type inventory.reserving as (
  request_no integer, account_id uuid, request_id text, idempotency_key text, request_hash bytea,
  reference text, ttl_s integer, lines jsonb, reservation_id uuid, same_as integer, is_replayed boolean,
  problem_status integer, problem_code text, problem_detail text, problem_hint text, problem_errors jsonb
);

-- One answer of reserve_stock: either the problem_* columns are set or the reservation's.
create type inventory.reserving_answer as (
  request_no integer, is_replayed boolean,
  problem_status integer, problem_code text, problem_detail text, problem_hint text, problem_errors jsonb,
  reservation_id uuid, status text, reference text, expires_at timestamptz, created_at timestamptz,
  resolved_at timestamptz, lines jsonb
);

create type inventory.stock as (
  variant_id uuid, seller_id uuid, on_hand integer, reserved integer, available integer, low_stock_threshold integer,
  is_low boolean, version integer, updated_at timestamptz
);
comment on type inventory.stock is 'Stock of one offer as its seller sees it: reserved counts live holds only, expired ones are available.';
create type inventory.reservation as (
  reservation_id uuid, status text, reference text, expires_at timestamptz, created_at timestamptz, resolved_at timestamptz,
  lines jsonb, is_replayed boolean
);
comment on type inventory.reservation is 'A reservation with its lines [{variantId, sellerId, quantity}], as its owner sees it.';
create type inventory.low_stock as (
  variant_id uuid, seller_id uuid, on_hand integer, reserved integer, available integer, low_stock_threshold integer,
  is_low boolean, version integer, updated_at timestamptz, sku text, title text, page_cursor text
);
comment on type inventory.low_stock is 'An offer at or below its low-stock threshold, as a list shows it.';
