-- Payments are begun by the batch, as they are confirmed.
alter type core.idempotent_request add attribute response jsonb;
alter type core.idempotency_claim add attribute claimed_at timestamptz;
comment on type core.idempotent_request is
  'A request whose key is to be claimed; response is its answer when that is known beforehand (the id of what it will make).';
-- Keys arrive in the order of their time: a summary of each range of pages finds the old ones, at next to no cost per key.
drop index core.idempotency_keys_created_at_idx;
create index idempotency_keys_created_at_idx on core.idempotency_keys using brin (created_at) with (pages_per_range = 16, autosummarize = on);

-- One request of a start_payments batch on its way through the function: the parsed request, then its fate.
create type payments.starting as (
  request_no integer, actor_id uuid, session_id uuid, request_id text, idempotency_key text, request_hash bytea,
  order_id uuid, provider text, method_token text, outcome text, same_as integer, payment_id uuid,
  problem_code text, problem_detail text, problem_hint text
);

-- One answer of start_payments: either the problem_* columns are set or the payment's.
create type payments.payment_start as (
  request_no integer, is_replayed boolean,
  problem_status integer, problem_code text, problem_detail text, problem_hint text, problem_errors jsonb,
  payment_id uuid, order_id uuid, order_status text, status text, amount_minor bigint, currency text, provider text,
  version integer, created_at timestamptz
);

-- Indexes that every order pays for and no query needs: a ledger transaction belongs to an order and is found by it, and the movements
-- of a stock row are found by their key when that begins with the row's.
drop index payments.ledger_entries_transaction_id_idx;
drop index inventory.movements_stock_level_idx;
alter table inventory.movements
  drop constraint movements_pkey,
  add constraint movements_pkey primary key (seller_id, variant_id, movement_id);
