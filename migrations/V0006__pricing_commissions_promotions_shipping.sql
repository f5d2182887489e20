create table pricing.commission_rules (
  rule_id uuid not null,
  version integer not null default 1,
  name text not null,
  seller_id uuid,
  category_id uuid,
  product_id uuid,
  percent_bp integer not null default 0,
  fixed_minor bigint not null default 0,
  currency char(3),
  valid_from timestamptz not null,
  valid_until timestamptz,
  created_at timestamptz not null,
  created_by uuid,
  constraint commission_rules_pkey primary key (rule_id, version),
  constraint commission_rules_category_id_fkey foreign key (category_id) references catalog.categories (category_id),
  constraint commission_rules_product_id_fkey foreign key (product_id) references catalog.products (product_id),
  constraint commission_rules_seller_id_fkey foreign key (seller_id) references identity.sellers (seller_id),
  constraint commission_rules_currency_fkey foreign key (currency) references core.currencies (currency),
  constraint commission_rules_name_length_check check (length(name) between 1 and 100),
  constraint commission_rules_percent_bp_check check (percent_bp between 0 and 10000),
  constraint commission_rules_fixed_minor_check check (fixed_minor >= 0),
  constraint commission_rules_fixed_has_currency_check check (fixed_minor = 0 or currency is not null),
  constraint commission_rules_product_without_category_check check (product_id is null or category_id is null),
  constraint commission_rules_window_check check (valid_until is null or valid_until >= valid_from)
);
comment on table pricing.commission_rules is
  'What the marketplace keeps. A version is never edited: a change closes it and opens the next, so that every order can be recomputed.';
comment on column pricing.commission_rules.percent_bp is 'Basis points of the line''s net amount.';
comment on column pricing.commission_rules.fixed_minor is 'Minor units per sold unit, for orders in currency.';
create index commission_rules_seller_id_idx on pricing.commission_rules (seller_id) where seller_id is not null;
create index commission_rules_category_id_idx on pricing.commission_rules (category_id) where category_id is not null;
create index commission_rules_product_id_idx on pricing.commission_rules (product_id) where product_id is not null;
create index commission_rules_seller_category_idx on pricing.commission_rules (seller_id, category_id)
  where seller_id is not null and product_id is null;
create index commission_rules_category_alone_idx on pricing.commission_rules (category_id)
  where category_id is not null and seller_id is null and product_id is null;
create index commission_rules_default_idx on pricing.commission_rules (valid_from)
  where seller_id is null and category_id is null and product_id is null;
create index commission_rules_currency_idx on pricing.commission_rules (currency);
create unique index commission_rules_open_scope_key on pricing.commission_rules
  (seller_id, category_id, product_id, currency) nulls not distinct where valid_until is null;

create table pricing.promotions (
  promotion_id uuid not null,
  seller_id uuid,
  name text not null,
  description text not null default '',
  type text not null,
  target text not null,
  percent_bp integer,
  amount_minor bigint,
  currency char(3),
  category_ids uuid[],
  product_ids uuid[],
  seller_ids uuid[],
  min_subtotal_minor bigint,
  coupon_code text,
  starts_at timestamptz not null,
  ends_at timestamptz,
  usage_limit integer,
  buyer_limit integer,
  priority integer not null default 0,
  status text not null default 'DRAFT',
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint promotions_pkey primary key (promotion_id),
  constraint promotions_seller_id_fkey foreign key (seller_id) references identity.sellers (seller_id),
  constraint promotions_currency_fkey foreign key (currency) references core.currencies (currency),
  constraint promotions_name_length_check check (length(name) between 1 and 100),
  constraint promotions_type_check check (type in ('PERCENTAGE', 'FIXED_AMOUNT', 'FREE_SHIPPING')),
  constraint promotions_target_check check (target in ('ORDER', 'LINES', 'SHIPPING')),
  constraint promotions_value_check check (case type
    when 'PERCENTAGE' then percent_bp between 1 and 10000 and amount_minor is null and target <> 'SHIPPING'
    when 'FIXED_AMOUNT' then amount_minor > 0 and currency is not null and percent_bp is null and target <> 'SHIPPING'
    else percent_bp is null and amount_minor is null and target = 'SHIPPING' end),
  constraint promotions_min_subtotal_check check (min_subtotal_minor is null or (min_subtotal_minor > 0 and currency is not null)),
  constraint promotions_coupon_code_check check (coupon_code ~ '^[A-Z0-9][A-Z0-9_-]{2,39}$'),
  constraint promotions_window_check check (ends_at is null or ends_at > starts_at),
  constraint promotions_usage_limit_check check (usage_limit > 0),
  constraint promotions_buyer_limit_check check (buyer_limit > 0),
  constraint promotions_status_check check (status in ('DRAFT', 'ACTIVE', 'PAUSED', 'ENDED'))
);
comment on table pricing.promotions is 'Discounts: automatic, or by coupon_code. A seller''s own promotion touches only that seller''s lines.';
create unique index promotions_coupon_code_key on pricing.promotions (coupon_code) where status in ('ACTIVE', 'PAUSED');
create index promotions_coupon_code_idx on pricing.promotions (coupon_code) where coupon_code is not null;
create index promotions_seller_id_idx on pricing.promotions (seller_id, promotion_id);
create index promotions_currency_idx on pricing.promotions (currency);
create index promotions_automatic_idx on pricing.promotions (priority, promotion_id) where status = 'ACTIVE' and coupon_code is null;

create table pricing.promotion_transitions (
  from_status text not null,
  action text not null,
  to_status text not null,
  actor_kind text not null,
  event_type text not null,
  constraint promotion_transitions_pkey primary key (from_status, action, actor_kind)
);
comment on table pricing.promotion_transitions is
  'Every allowed change of a promotion''s status and the event it appends; a trigger refuses all others.';
insert into pricing.promotion_transitions (from_status, action, to_status, actor_kind, event_type)
select t.from_status, t.action, t.to_status, k.actor_kind, t.event_type
from (values
  ('DRAFT', 'activate', 'ACTIVE', 'pricing.promotion_activated'),
  ('PAUSED', 'activate', 'ACTIVE', 'pricing.promotion_activated'),
  ('ACTIVE', 'pause', 'PAUSED', 'pricing.promotion_paused'),
  ('DRAFT', 'end', 'ENDED', 'pricing.promotion_ended'),
  ('ACTIVE', 'end', 'ENDED', 'pricing.promotion_ended'),
  ('PAUSED', 'end', 'ENDED', 'pricing.promotion_ended')) as t (from_status, action, to_status, event_type)
cross join (values ('ADMIN'), ('SELLER')) as k (actor_kind);

create table pricing.promotion_counters (
  promotion_id uuid not null,
  used integer not null default 0,
  usage_limit integer not null,
  constraint promotion_counters_pkey primary key (promotion_id),
  constraint promotion_counters_promotion_id_fkey foreign key (promotion_id) references pricing.promotions (promotion_id),
  constraint promotion_counters_within_limit_check check (used between 0 and usage_limit)
);
comment on table pricing.promotion_counters is 'Uses of promotions that have a usage limit; an unlimited promotion has no row to fight over.';

create table pricing.promotion_buyer_counters (
  promotion_id uuid not null,
  buyer_id uuid not null,
  used integer not null default 0,
  constraint promotion_buyer_counters_pkey primary key (promotion_id, buyer_id),
  constraint promotion_buyer_counters_promotion_id_fkey foreign key (promotion_id) references pricing.promotions (promotion_id),
  constraint promotion_buyer_counters_used_check check (used >= 0)
);
comment on table pricing.promotion_buyer_counters is 'Uses per buyer of promotions that have a buyer limit.';

create table pricing.redemptions (
  order_id uuid not null,
  promotion_id uuid not null,
  buyer_id uuid not null,
  created_at timestamptz not null,
  returned_at timestamptz,
  constraint redemptions_pkey primary key (order_id, promotion_id),
  constraint redemptions_promotion_id_fkey foreign key (promotion_id) references pricing.promotions (promotion_id)
);
comment on table pricing.redemptions is 'One row per order and limited promotion it used; returned_at when the order was cancelled or expired.';
create index redemptions_promotion_id_idx on pricing.redemptions (promotion_id, buyer_id);

create table pricing.shipping_rates (
  seller_id uuid not null,
  currency char(3) not null,
  fee_minor bigint not null,
  free_from_minor bigint,
  version integer not null default 1,
  updated_at timestamptz not null,
  constraint shipping_rates_pkey primary key (seller_id, currency),
  constraint shipping_rates_seller_id_fkey foreign key (seller_id) references identity.sellers (seller_id),
  constraint shipping_rates_currency_fkey foreign key (currency) references core.currencies (currency),
  constraint shipping_rates_fee_minor_check check (fee_minor >= 0),
  constraint shipping_rates_free_from_minor_check check (free_from_minor > 0)
);
comment on table pricing.shipping_rates is 'A seller''s flat shipping fee per order and currency; free_from_minor waives it. No row: no fee.';
create index shipping_rates_currency_idx on pricing.shipping_rates (currency);

-- Shapes in which baskets travel between functions: orders hand over many baskets at once, a preview hands over one.
create type pricing.basket as (basket_no integer, buyer_id uuid, currency text, coupon_codes text[]);
create type pricing.wanted_line as (
  basket_no integer, line_no integer, variant_id uuid, seller_id uuid, quantity integer, currency text
);
create type pricing.basket_line as (
  basket_no integer, line_no integer, seller_id uuid, variant_id uuid, product_id uuid, category_path uuid[],
  quantity integer, unit_price_minor bigint, title text, sku text, axis_values jsonb,
  problem_code text, problem_detail text
);
comment on type pricing.basket_line is 'A wanted line with the offer that was found for it, or with the problem why none was.';
create type pricing.basket_shipping as (basket_no integer, seller_id uuid, fee_minor bigint);
create type pricing.adjustment as (
  basket_no integer, seller_id uuid, line_no integer, promotion_id uuid, promotion_version integer,
  coupon_code text, target text, amount_minor bigint, is_limited boolean
);
comment on type pricing.adjustment is
  'One promotion''s share on one line (line_no) or on one seller''s shipping (line_no null, target SHIPPING). amount_minor is what is taken off, positive.';
create type pricing.coupon_refusal as (basket_no integer, coupon_code text, problem_code text, problem_detail text);
create type pricing.commission as (
  basket_no integer, line_no integer, rule_id uuid, rule_version integer, percent_bp integer, fixed_minor bigint,
  base_minor bigint, amount_minor bigint
);
create type pricing.counter_state as (promotion_id uuid, buyer_id uuid, remaining integer);
comment on type pricing.counter_state is 'Uses left of a limited promotion: in all (buyer_id null), or for one buyer.';
create type pricing.basket_promotion as (
  basket_no integer, turn integer, promotion_id uuid, promotion_version integer, coupon_code text, type text, target text,
  percent_bp integer, amount_minor bigint, is_limited boolean, line_positions integer[], seller_ids uuid[]
);
comment on type pricing.basket_promotion is
  'A promotion that applies to a basket: its turn there, and the positions (in the array of all lines) and sellers it matches.';
create type pricing.preview as (
  currency text, subtotal_minor bigint, discount_minor bigint, shipping_minor bigint, total_minor bigint,
  lines jsonb, shipping jsonb, adjustments jsonb, refused_coupons jsonb
);
comment on type pricing.preview is 'A priced basket with the whole derivation of its total.';
