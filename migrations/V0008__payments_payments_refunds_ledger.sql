create table payments.payments (
  payment_id uuid not null,
  order_id uuid not null,
  buyer_id uuid not null,
  provider text not null,
  method_token text not null,
  provider_reference text,
  status text not null default 'PENDING',
  amount_minor bigint not null,
  currency char(3) not null,
  refunded_minor bigint not null default 0,
  failure_code text,
  is_surplus boolean not null default false,
  checks integer not null default 0,
  next_check_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint payments_pkey primary key (payment_id),
  constraint payments_status_check check (status in ('PENDING', 'SUCCEEDED', 'FAILED', 'ABANDONED')),
  constraint payments_amount_minor_check check (amount_minor > 0),
  constraint payments_refunded_within_amount_check check (refunded_minor between 0 and amount_minor),
  constraint payments_failed_has_code_check check ((status = 'FAILED') = (failure_code is not null)),
  constraint payments_surplus_succeeded_check check (status = 'SUCCEEDED' or not is_surplus),
  constraint payments_unresolved_is_checked_check check (status in ('PENDING', 'ABANDONED') or next_check_at is null),
  constraint payments_method_token_length_check check (length(method_token) between 1 and 200)
) with (fillfactor = 80);
comment on table payments.payments is 'One attempt to pay an order with a provider. The provider is called outside of transactions; payment_id is its idempotency key.';
comment on column payments.payments.is_surplus is
  'The money came, but another payment of the order counts: all of it goes back to the buyer.';
comment on column payments.payments.next_check_at is
  'When the reconciler asks the provider what became of the payment; null once that is known. Claiming moves it ahead: the lease.';
create index payments_order_id_idx on payments.payments (order_id, payment_id);
create unique index payments_live_order_key on payments.payments (order_id)
  where status in ('PENDING', 'SUCCEEDED') and not is_surplus;
create index payments_due_idx on payments.payments (next_check_at) where next_check_at is not null;

create table payments.payment_transitions (
  from_status text not null,
  action text not null,
  to_status text not null,
  actor_kind text not null,
  constraint payment_transitions_pkey primary key (from_status, action, actor_kind)
);
comment on table payments.payment_transitions is 'Every allowed change of a payment''s status; a trigger refuses all others.';
insert into payments.payment_transitions (from_status, action, to_status, actor_kind) values
  ('PENDING', 'succeed', 'SUCCEEDED', 'SYSTEM'),
  ('PENDING', 'fail', 'FAILED', 'SYSTEM'),
  ('PENDING', 'abandon', 'ABANDONED', 'SYSTEM'),
  ('ABANDONED', 'succeed', 'SUCCEEDED', 'SYSTEM'),
  ('FAILED', 'succeed', 'SUCCEEDED', 'SYSTEM');

create table payments.refunds (
  refund_id uuid not null,
  payment_id uuid not null,
  order_id uuid not null,
  amount_minor bigint not null,
  currency char(3) not null,
  reason text not null,
  status text not null default 'PENDING',
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  provider_reference text,
  failure_code text,
  requested_by uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint refunds_pkey primary key (refund_id),
  constraint refunds_payment_id_fkey foreign key (payment_id) references payments.payments (payment_id),
  constraint refunds_status_check check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
  constraint refunds_amount_minor_check check (amount_minor > 0),
  constraint refunds_reason_length_check check (length(reason) between 1 and 500)
);
comment on table payments.refunds is 'Money on its way back. A worker claims due rows with a lease (next_attempt_at), calls the provider, and reports.';
create index refunds_payment_id_idx on payments.refunds (payment_id);
create index refunds_order_id_idx on payments.refunds (order_id);
create index refunds_due_idx on payments.refunds (next_attempt_at) where status = 'PENDING';

create table payments.ledger_entries (
  seller_id uuid not null,
  entry_id uuid not null,
  transaction_id uuid not null,
  order_id uuid not null,
  account text not null,
  amount_minor bigint not null,
  currency char(3) not null,
  created_at timestamptz not null,
  constraint ledger_entries_pkey primary key (seller_id, entry_id),
  constraint ledger_entries_account_check check (account in
    ('PROVIDER_CLEARING', 'SELLER_PAYABLE', 'COMMISSION_REVENUE', 'BUYER_PAYABLE')),
  constraint ledger_entries_amount_minor_check check (amount_minor <> 0)
);
comment on table payments.ledger_entries is
  'Double entry, append-only: the entries of one transaction_id (a payment or a refund) sum to zero. Debits are positive.';
comment on column payments.ledger_entries.seller_id is 'The seller concerned; the nil UUID for the marketplace''s own clearing account.';
create index ledger_entries_transaction_id_idx on payments.ledger_entries (transaction_id);
create index ledger_entries_order_id_idx on payments.ledger_entries (order_id);

-- What a provider said about one payment, on its way into payments._settle.
create type payments.settlement as (
  request_no integer, order_id uuid, payment_id uuid, is_success boolean, failure_code text, provider_reference text,
  actor_id uuid, request_id text
);

create type payments.refund_request as (
  payment_id uuid, amount_minor bigint, reason text, actor_id uuid, request_id text
);

-- One request of a confirm_payments batch on its way through the function: the parsed request, then its fate.
create type payments.confirming as (
  request_no integer, actor_id uuid, session_id uuid, request_id text, idempotency_key text, request_hash bytea,
  order_id uuid, payment_id uuid,
  settled_payment_id uuid, settled_amount_minor bigint, settled_currency text, is_success boolean, failure_code text,
  provider_reference text, problem_code text
);

-- One answer about a payment: either the problem_* columns are set or the payment's.
create type payments.confirmation as (
  request_no integer, is_replayed boolean,
  problem_status integer, problem_code text, problem_detail text, problem_hint text, problem_errors jsonb,
  payment_id uuid, order_id uuid, order_status text, status text, amount_minor bigint, currency text,
  refunded_minor bigint, provider text, provider_reference text, failure_code text, version integer,
  created_at timestamptz, updated_at timestamptz
);

-- A payment as its writers answer it.
create type payments.started_payment as (
  payment_id uuid, order_id uuid, order_status text, status text, amount_minor bigint, currency text, provider text,
  version integer, created_at timestamptz, is_replayed boolean
);
create type payments.refund_result as (
  refund_id uuid, payment_id uuid, order_id uuid, amount_minor bigint, currency text, reason text, status text,
  failure_code text, created_at timestamptz, updated_at timestamptz, is_replayed boolean
);
create type payments.payment_listing as (
  payment_id uuid, order_id uuid, order_status text, status text, amount_minor bigint, currency text,
  refunded_minor bigint, provider text, provider_reference text, failure_code text, version integer,
  created_at timestamptz, updated_at timestamptz, refunds jsonb, page_cursor text
);
