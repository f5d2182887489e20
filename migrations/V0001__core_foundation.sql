-- What belongs to no domain: the clock, settings, problems, currencies, idempotency keys, the call context.
-- Roles and schemas exist already (bootstrap, see migrations/README.md).

-- Who calls, and from where. First argument of every public function that acts for somebody.
create type core.call_context as (
  actor_id uuid,
  session_id uuid,
  request_id text,
  client_ip inet,
  idempotency_key text
);
comment on type core.call_context is
  'The caller as the HTTP layer verified it: actor and session (null = anonymous), request id, address, idempotency key.';

create type core.invariant_violation as (invariant text, subject text, detail text);
comment on type core.invariant_violation is 'One broken invariant: its name, the row it is about, what is wrong.';

create table core.clock (
  is_singleton boolean not null default true,
  clock_offset interval not null default interval '0',
  constraint clock_pkey primary key (is_singleton),
  constraint clock_is_singleton_check check (is_singleton)
);
comment on table core.clock is 'One row: how far core.now() is ahead of the real time. Only the owner may move it; tests do.';
insert into core.clock default values;

create table core.settings (
  name text not null,
  value bigint not null,
  unit text not null,
  description text not null,
  constraint settings_pkey primary key (name),
  constraint settings_value_not_negative_check check (value >= 0)
);
comment on table core.settings is 'Named limits and durations that the rules read. Change a row, and the next call uses it.';

insert into core.settings (name, value, unit, description) values
  ('orders.payment_window_s', 900, 'seconds', 'How long stock is held for an order that is not paid yet.'),
  ('orders.lines_max', 100, 'lines', 'Most lines in one order.'),
  ('orders.line_quantity_max', 1000, 'units', 'Most units in one order line.'),
  ('orders.complete_after_s', 1209600, 'seconds', 'How long after delivery an order completes by itself.'),
  ('inventory.hold_ttl_default_s', 900, 'seconds', 'Lifetime of a reservation whose request names none.'),
  ('inventory.hold_ttl_max_s', 86400, 'seconds', 'Longest lifetime of a reservation.'),
  ('inventory.reserve_lines_max', 100, 'lines', 'Most lines in one reservation.'),
  ('inventory.on_hand_max', 1000000000, 'units', 'Most units of one stock row.'),
  ('inventory.low_stock_default', 5, 'units', 'Low-stock threshold of a new stock row.'),
  ('catalog.variants_max', 250, 'variants', 'Most variants of one product.'),
  ('catalog.search_candidates_max', 2000, 'products', 'Most matches of a search that are ranked by relevance, the newest.'),
  ('catalog.category_depth_max', 8, 'levels', 'Deepest category tree.'),
  ('identity.session_ttl_s', 2592000, 'seconds', 'Absolute lifetime of a session; refreshing never extends it.'),
  ('identity.refresh_grace_s', 10, 'seconds', 'How long the immediate predecessor of a refresh token answers a retry.'),
  ('core.idempotency_ttl_s', 172800, 'seconds', 'How long an idempotency key and its answer are kept.'),
  ('payments.refund_attempts_max', 12, 'attempts', 'Provider calls for one refund before a person has to look.');

create table core.currencies (
  currency char(3) not null,
  minor_digits smallint not null,
  name text not null,
  constraint currencies_pkey primary key (currency),
  constraint currencies_code_check check (currency ~ '^[A-Z]{3}$'),
  constraint currencies_minor_digits_check check (minor_digits between 0 and 4)
);
comment on table core.currencies is 'ISO 4217 currencies that prices may use; minor_digits places the decimal point.';
insert into core.currencies (currency, minor_digits, name) values
  ('USD', 2, 'US dollar'), ('EUR', 2, 'Euro'), ('GBP', 2, 'Pound sterling'), ('INR', 2, 'Indian rupee'),
  ('JPY', 0, 'Yen'), ('CHF', 2, 'Swiss franc'), ('CAD', 2, 'Canadian dollar'), ('AUD', 2, 'Australian dollar'),
  ('TRY', 2, 'Turkish lira'), ('BRL', 2, 'Brazilian real'), ('KWD', 3, 'Kuwaiti dinar');

create table core.problem_types (
  code text not null,
  status smallint not null,
  title text not null,
  description text not null,
  constraint problem_types_pkey primary key (code),
  constraint problem_types_code_check check (code ~ '^[a-z]+\.[a-z0-9_]+$'),
  constraint problem_types_status_check check (status between 400 and 599)
);
comment on table core.problem_types is 'Every problem code a caller can meet. Rows are owned by sql/<domain>/problem_types.sql.';

create table core.idempotency_keys (
  account_id uuid not null,
  route text not null,
  idempotency_key text not null,
  request_hash bytea not null,
  response jsonb,
  created_at timestamptz not null,
  constraint idempotency_keys_pkey primary key (account_id, route, idempotency_key),
  -- not one regular expression with {1,255}: a bounded repetition takes 150 µs, a hundred times longer
  constraint idempotency_keys_idempotency_key_check
    check (length(idempotency_key) between 1 and 255 and idempotency_key !~ '[^\x21-\x7e]')
);
comment on table core.idempotency_keys is
  'Claim, work and stored answer are one transaction: a row exists exactly when the work is done. Kept for core.idempotency_ttl_s.';
comment on column core.idempotency_keys.request_hash is 'SHA-256 of the request as canonical jsonb text.';
create index idempotency_keys_created_at_idx on core.idempotency_keys (created_at);

-- Shapes in which a batch function claims the idempotency keys of all its requests at once.
create type core.idempotent_request as (request_no integer, account_id uuid, idempotency_key text, request_hash bytea);
create type core.idempotency_claim as (request_no integer, outcome text, same_as integer, response jsonb);
comment on type core.idempotency_claim is
  'FRESH: do the work. REPLAY: response holds the stored answer. DUPLICATE: request same_as of this batch has the key. REUSED: the key belongs to another payload.';
