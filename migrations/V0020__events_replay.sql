-- One place where the state folded from the event log and the tables disagree.
create type core.replay_difference as (aggregate text, aggregate_id text, field text, expected text, found text);
comment on type core.replay_difference is
  'One difference between log and tables: of which thing, which field, what the log says, what the table holds.';

-- An order with its parts, lines and payments as the log told it up to one of its events, and a page of those events.
create type payments.order_as_of as (
  order_id uuid, seq bigint, occurred_at timestamptz, buyer_id uuid, status text, currency text, subtotal_minor bigint,
  discount_minor bigint, shipping_minor bigint, total_minor bigint, placed_at timestamptz, payment_due_at timestamptz,
  version integer, updated_at timestamptz, fulfilments jsonb, lines jsonb, payments jsonb, events jsonb, next_cursor text
);
comment on type payments.order_as_of is
  'An order as of one of its events (seq, occurred_at): its state by the log alone, and a page of the events that led there.';
