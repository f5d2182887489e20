-- Commissions grow up: rules for lines and for shipping, with priority, price band, base, floor, cap and VAT; snapshots from
-- which every amount can be computed again; and a ledger that knows who paid for a discount.

-- Trusted, so the owner may create it. A schema of its own: `public` may be gone, and our schemas hold only what is ours.
create schema if not exists extensions;
create extension if not exists btree_gist with schema extensions;

alter table pricing.commission_rules
  drop constraint commission_rules_product_without_category_check,
  drop constraint commission_rules_fixed_has_currency_check,
  add column applies_to text not null default 'LINE',
  add column priority integer not null default 0,
  add column band_min_minor bigint,
  add column band_max_minor bigint,
  add column base text not null default 'NET',
  add column fixed_per text not null default 'UNIT',
  add column min_minor bigint,
  add column max_minor bigint,
  add column vat_bp integer not null default 0,
  add constraint commission_rules_applies_to_check check (applies_to in ('LINE', 'SHIPPING')),
  add constraint commission_rules_shipping_scope_check check (
    applies_to = 'LINE'
    or (category_id is null and product_id is null and band_min_minor is null and band_max_minor is null and fixed_per = 'LINE')),
  add constraint commission_rules_priority_check check (priority between -1000000 and 1000000),
  add constraint commission_rules_band_check check (band_min_minor >= 0 and band_max_minor > coalesce(band_min_minor, 0)),
  add constraint commission_rules_base_check check (base in ('NET', 'GROSS')),
  add constraint commission_rules_fixed_per_check check (fixed_per in ('UNIT', 'LINE')),
  add constraint commission_rules_floor_within_cap_check check (min_minor >= 0 and max_minor >= coalesce(min_minor, 0)),
  add constraint commission_rules_vat_bp_check check (vat_bp between 0 and 10000),
  add constraint commission_rules_money_has_currency_check check (
    currency is not null
    or (fixed_minor = 0 and band_min_minor is null and band_max_minor is null and min_minor is null and max_minor is null)),
  -- Two versions that nothing in the order of precedence tells apart may not be in force at the same moment: the winner is
  -- always one. Rules without a band meet only each other, which is why "no band" is a range below all prices.
  add constraint commission_rules_rank_excl exclude using gist (
    (coalesce(product_id, '00000000-0000-0000-0000-000000000000')) with =,
    (coalesce(category_id, '00000000-0000-0000-0000-000000000000')) with =,
    (coalesce(seller_id, '00000000-0000-0000-0000-000000000000')) with =,
    applies_to with =,
    priority with =,
    (coalesce(currency::text, '')) with =,
    (case when band_min_minor is null and band_max_minor is null then int8range(-1, 0)
          else int8range(coalesce(band_min_minor, 0), band_max_minor) end) with &&,
    (tstzrange(valid_from, valid_until)) with &&);
comment on column pricing.commission_rules.applies_to is 'LINE: sold lines. SHIPPING: what a seller charges for shipping.';
comment on column pricing.commission_rules.priority is 'The greater wins, however specific the others are.';
comment on column pricing.commission_rules.band_min_minor is 'Only for unit prices from here on, up to but without band_max_minor.';
comment on column pricing.commission_rules.base is 'NET: the amount after discounts. GROSS: before.';
comment on column pricing.commission_rules.percent_bp is 'Basis points of the base.';
comment on column pricing.commission_rules.fixed_minor is 'Minor units per unit or once per line (fixed_per), in currency.';
comment on column pricing.commission_rules.min_minor is 'A commission is raised to this much per line.';
comment on column pricing.commission_rules.max_minor is 'A commission is cut to this much per line.';
comment on column pricing.commission_rules.vat_bp is 'VAT on the commission, an amount of its own.';

-- One index answers which rules could be for a line: each combination of product or none, seller or none, and a category of the
-- line's path or none is one descent, and versions that have ended are not read.
drop index pricing.commission_rules_open_scope_key;
drop index pricing.commission_rules_seller_category_idx;
drop index pricing.commission_rules_category_alone_idx;
drop index pricing.commission_rules_default_idx;
create index commission_rules_scope_idx on pricing.commission_rules (
  applies_to,
  (coalesce(product_id, '00000000-0000-0000-0000-000000000000')),
  (coalesce(seller_id, '00000000-0000-0000-0000-000000000000')),
  (coalesce(category_id, '00000000-0000-0000-0000-000000000000')),
  (coalesce(valid_until, 'infinity'::timestamptz)));

alter type pricing.commission
  add attribute seller_id uuid, add attribute base text, add attribute fixed_per text, add attribute min_minor bigint,
  add attribute max_minor bigint, add attribute limit_minor bigint, add attribute exact_percent numeric,
  add attribute vat_bp integer, add attribute vat_minor bigint, add attribute category_path uuid[];
comment on type pricing.commission is
  'The commission of a line, or of a seller''s shipping (line_no null), with everything it was computed from.';

-- What commission is asked for: a line, or a seller's shipping (product_id, category_path and unit_price_minor null).
create type pricing.commission_subject as (
  applies_to text, seller_id uuid, product_id uuid, category_path uuid[], currency text, unit_price_minor bigint, quantity integer,
  gross_minor bigint, net_minor bigint, limit_minor bigint
);
comment on type pricing.commission_subject is
  'A line, or a seller''s shipping, as commission rules see it. limit_minor: what the seller earns of it.';
create type pricing.commission_candidate as (
  rule_id uuid, version integer, name text, applies_to text, seller_id uuid, category_id uuid, product_id uuid, currency text,
  priority integer, band_min_minor bigint, band_max_minor bigint, base text, percent_bp integer, fixed_minor bigint,
  fixed_per text, min_minor bigint, max_minor bigint, vat_bp integer, valid_from timestamptz, valid_until timestamptz,
  rank integer[], outcome text, reason text, base_minor bigint, amount_minor bigint, vat_minor bigint
);
comment on type pricing.commission_candidate is
  'A rule that could be for a line: whether it WINS, LOSES or DOES_NOT_MATCH, why, and what it would charge.';

create type pricing.resolved_commissions as (currency text, at timestamptz, lines jsonb, shipping jsonb);
comment on type pricing.resolved_commissions is 'The commissions of a basket with all rules that could have charged it.';
create type orders.explained_commission as (
  applies_to text, seller_id uuid, line_no integer, currency text, rule_id uuid, rule_version integer, base text,
  base_minor bigint, percent_bp integer, exact_percent numeric, fixed_minor bigint, fixed_per text, min_minor bigint,
  max_minor bigint, limit_minor bigint, amount_minor bigint, vat_bp integer, vat_minor bigint, at timestamptz, candidates jsonb
);
comment on type orders.explained_commission is
  'What an order was charged on a line or a seller''s shipping, what it was computed from, and the rules that could have charged it.';
create type orders.simulated_commission as (
  seller_id uuid, currency text, orders_count bigint, charges_count bigint, changed_count bigint,
  charged_minor bigint, charged_vat_minor bigint, simulated_minor bigint, simulated_vat_minor bigint, difference_minor bigint
);
comment on type orders.simulated_commission is 'What a proposed commission rule would have changed for a seller in a period.';

alter table orders.commissions
  drop constraint commissions_amount_within_base_check,
  add column base text not null default 'NET',
  add column fixed_per text not null default 'UNIT',
  add column min_minor bigint,
  add column max_minor bigint,
  add column limit_minor bigint not null default 0,
  add column exact_percent numeric not null default 0,
  add column vat_bp integer not null default 0,
  add column vat_minor bigint not null default 0,
  add column category_path uuid[];
-- Orders placed before this: their commission was never more than the line's net, and sellers bore all discounts.
alter table orders.commissions disable trigger user;
update orders.commissions
set limit_minor = base_minor, exact_percent = base_minor::numeric * percent_bp / 10000;
alter table orders.commissions enable trigger user;
alter table orders.adjustments disable trigger user;
update orders.adjustments
set seller_minor = amount_minor, exact_share = amount_minor
where seller_minor = 0;
alter table orders.adjustments enable trigger user;
alter table orders.commissions
  add constraint commissions_amount_within_limit_check check (amount_minor between 0 and limit_minor),
  add constraint commissions_vat_minor_check check (vat_minor >= 0);
comment on table orders.commissions is
  'What the marketplace keeps of each line, the rule version behind it and all it was computed from: a snapshot that never changes.';
comment on column orders.commissions.base_minor is 'The line''s amount after discounts (base NET) or before (GROSS).';
comment on column orders.commissions.limit_minor is 'What the seller earns of the line: net plus the discounts that the platform bears.';
comment on column orders.commissions.exact_percent is 'The percentage of the base before it was rounded half up.';
comment on column orders.commissions.category_path is 'The product''s categories when the order was placed, from the root.';

create table orders.shipping_commissions (
  seller_id uuid not null,
  order_id uuid not null,
  rule_id uuid not null,
  rule_version integer not null,
  percent_bp integer not null,
  fixed_minor bigint not null,
  base text not null,
  base_minor bigint not null,
  min_minor bigint,
  max_minor bigint,
  limit_minor bigint not null,
  exact_percent numeric not null,
  amount_minor bigint not null,
  vat_bp integer not null,
  vat_minor bigint not null,
  constraint shipping_commissions_pkey primary key (seller_id, order_id),
  constraint shipping_commissions_fulfilment_fkey foreign key (seller_id, order_id)
    references orders.fulfilments (seller_id, order_id),
  constraint shipping_commissions_amount_within_limit_check check (amount_minor between 0 and limit_minor),
  constraint shipping_commissions_vat_minor_check check (vat_minor >= 0)
);
comment on table orders.shipping_commissions is
  'What the marketplace keeps of a seller''s shipping fee: a snapshot that never changes. No row: no rule applied.';

-- The ledger: who bore a discount, and the VAT on commissions.
alter table payments.ledger_entries
  drop constraint ledger_entries_account_check,
  add constraint ledger_entries_account_check check (account in
    ('PROVIDER_CLEARING', 'SELLER_PAYABLE', 'COMMISSION_REVENUE', 'COMMISSION_VAT', 'PROMOTION_COST', 'BUYER_PAYABLE'));
comment on table payments.ledger_entries is
  'Double entry, append-only: the entries of one transaction_id (a payment, a refund, an order that costs nothing) sum to zero. Debits are positive.';

-- Payments hears of orders that cost nothing, to credit their sellers with what the platform bears.
update events.consumers
set types = array['orders.order_cancelled', 'orders.order_expired', 'orders.order_free']
where consumer = 'payments.refunds';
