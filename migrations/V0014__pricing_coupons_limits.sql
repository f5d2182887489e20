-- Coupons by the batch, limits by slots, budgets.
--
-- A limit is counted in slots, so that orders of a large campaign do not queue for one row: each order takes any slot that is free
-- and has enough left, and only when none has are all of them locked, in order, and what is left gathered in slot 0. The sum over the
-- slots is the limit, always, and each slot refuses to pass its share: the limit is exact.
alter table pricing.promotion_counters
  drop constraint promotion_counters_pkey,
  add column slot smallint not null default 0,
  alter column usage_limit drop not null,
  add column spent_minor bigint not null default 0,
  add column budget_minor bigint,
  add constraint promotion_counters_pkey primary key (promotion_id, slot),
  add constraint promotion_counters_within_budget_check check (spent_minor between 0 and budget_minor);
comment on table pricing.promotion_counters is
  'Uses and costs of promotions with a usage limit or a budget, in slots; an unlimited promotion has no row to fight over.';
comment on column pricing.promotion_counters.usage_limit is 'This slot''s share of the limit; null without usage limit.';
comment on column pricing.promotion_counters.budget_minor is 'This slot''s share of the budget; null without budget.';

create table pricing.coupon_batches (
  batch_id uuid not null,
  promotion_id uuid not null,
  prefix text not null,
  code_count integer not null,
  per_code_limit integer,
  created_at timestamptz not null,
  constraint coupon_batches_pkey primary key (batch_id),
  constraint coupon_batches_promotion_id_fkey foreign key (promotion_id) references pricing.promotions (promotion_id),
  constraint coupon_batches_prefix_check check (prefix ~ '^[A-Z0-9]{0,16}$'),
  constraint coupon_batches_code_count_check check (code_count between 1 and 10000),
  constraint coupon_batches_per_code_limit_check check (per_code_limit > 0)
);
comment on table pricing.coupon_batches is 'Coupon codes that were generated together for a promotion.';
create index coupon_batches_promotion_id_idx on pricing.coupon_batches (promotion_id, batch_id);

create table pricing.coupons (
  code text not null,
  promotion_id uuid not null,
  batch_id uuid not null,
  usage_limit integer,
  used integer not null default 0,
  constraint coupons_pkey primary key (code),
  constraint coupons_promotion_id_fkey foreign key (promotion_id) references pricing.promotions (promotion_id),
  constraint coupons_batch_id_fkey foreign key (batch_id) references pricing.coupon_batches (batch_id),
  constraint coupons_code_check check (code ~ '^[A-Z0-9][A-Z0-9_-]{2,39}$'),
  constraint coupons_within_limit_check check (used between 0 and usage_limit)
);
comment on table pricing.coupons is
  'Generated codes, for ever unique; a promotion''s single code is its coupon_code. used counts where there is a limit per code.';
create index coupons_promotion_id_idx on pricing.coupons (promotion_id, code);
create index coupons_batch_id_idx on pricing.coupons (batch_id, code);

alter table pricing.redemptions
  add column coupon_code text,
  add column slot smallint,
  add column amount_minor bigint not null default 0,
  add constraint redemptions_amount_minor_check check (amount_minor >= 0);
comment on column pricing.redemptions.slot is 'The slot of the promotion''s counter that counts this use; null without counter.';
comment on column pricing.redemptions.amount_minor is 'What the promotion took off the order, for the budget.';

create type pricing.promotion_use as (
  order_id uuid, promotion_id uuid, buyer_id uuid, coupon_code text, amount_minor bigint
);
comment on type pricing.promotion_use is
  'A use of a promotion by an order; while it is only possible (order_id null), amount_minor is the most that it can take off.';
create type pricing.given_coupon as (
  basket_no integer, coupon_code text, promotion_id uuid, is_limited boolean, is_redundant boolean
);
comment on type pricing.given_coupon is
  'A coupon code given with a basket and the promotion behind it; is_limited by the code, is_redundant beside another code of it.';
alter type pricing.candidate add attribute is_limited boolean;
comment on type pricing.candidate is
  'A promotion that may apply to a basket, as far as its columns tell, and the lines to try; is_limited by the code that was given.';
alter type pricing.counter_state alter attribute remaining type bigint, add attribute coupon_code text, add attribute is_budget boolean;
comment on type pricing.counter_state is
  'What is left of a limited promotion: uses in all, for one buyer (buyer_id), by one code (coupon_code), or budget (is_budget).';
create type pricing.counted_use as (
  promotion_id uuid, slot smallint, buyer_id uuid, coupon_code text, amount_minor bigint
);
comment on type pricing.counted_use is 'A use of a promotion with the counters that count it.';
create type pricing.remaining_uses as (uses bigint, buyer_uses bigint, code_uses bigint, budget_minor bigint);
comment on type pricing.remaining_uses is 'What is left of a promotion: uses in all, for a buyer, by a code, and budget. Null = no such limit.';

-- What a promotion did, and what it would have done.
create index adjustments_promotion_id_idx on orders.adjustments (promotion_id, order_id);
create type orders.promotion_report as (
  promotion_id uuid, uses integer, returned_uses integer, buyers integer, totals jsonb, remaining_uses bigint,
  remaining_budget_minor bigint, currency text, days jsonb
);
comment on type orders.promotion_report is
  'Uses and costs of a promotion; totals and days hold documents of the API, remaining_* are null without such a limit.';
create type orders.promotion_simulation as (examined integer, touched integer, totals jsonb, next_cursor text);
comment on type orders.promotion_simulation is 'What a promotion would have taken off a page of past orders, had it acted alone.';
