-- Payments and refunds that no question settles are a person's work: marked, told, listed, and taken up again on demand.
alter table payments.payments add column stuck_at timestamptz;
comment on column payments.payments.stuck_at is
  'Since when the provider is not asked any more, because it never said what became of the payment: an administrator should look.';
alter table payments.refunds add column stuck_at timestamptz;
comment on column payments.refunds.stuck_at is
  'Since when the refund counts as stuck: its provider has not answered for payments.refund_attempts_max tries. It is tried on.';
create index payments_stuck_idx on payments.payments (stuck_at) where stuck_at is not null;
create index refunds_unpaid_idx on payments.refunds (updated_at) where status = 'FAILED' or stuck_at is not null;

-- The provider said that it has no money, or was made to let go of it: nothing is left to ask about.
insert into payments.payment_transitions (from_status, action, to_status, actor_kind) values
  ('ABANDONED', 'fail', 'FAILED', 'SYSTEM');

-- A row of the list of what a person has to look at.
create type payments.stuck_item as (
  kind text, payment_id uuid, refund_id uuid, order_id uuid, order_status text, amount_minor bigint, currency text, status text,
  failure_code text, attempts integer, since timestamptz, page_cursor text
);
