-- Promotions grow up: more types and targets, conditions as data, policy, caps, funding, versions, coupons of their own.
alter table pricing.promotions
  drop constraint promotions_type_check,
  drop constraint promotions_target_check,
  drop constraint promotions_value_check,
  drop constraint promotions_status_check,
  add column variant_ids uuid[],
  add column line_condition jsonb,
  add column line_path jsonpath,
  add column condition jsonb,
  add column condition_path jsonpath,
  add column min_quantity integer,
  add column price_minor bigint,
  add column unit_pick text,
  add column unit_count integer,
  add column buy_quantity integer,
  add column get_quantity integer,
  add column tier_by text,
  add column tiers jsonb,
  add column bundle jsonb,
  add column gift_variant_id uuid,
  add column gift_seller_id uuid,
  add column gift_quantity integer,
  add column base text not null default 'SEQUENTIAL',
  add column is_exclusive boolean not null default false,
  add column exclusivity_group text,
  add column group_mode text,
  add column combines_with text[] not null default '{ORDER,LINE,SHIPPING}',
  add column stops_further boolean not null default false,
  add column max_order_minor bigint,
  add column max_line_minor bigint,
  add column floor_bp integer not null default 0,
  add column funding text not null default 'SELLER',
  add column seller_share_bp integer not null default 10000,
  add column platform_cap_minor bigint,
  add column budget_minor bigint,
  add column requires_coupon boolean not null default false,
  add constraint promotions_type_check check (type in (
    'PERCENTAGE', 'FIXED_AMOUNT', 'FIXED_PRICE', 'BUY_X_GET_Y', 'TIERED', 'BUNDLE', 'FREE_SHIPPING', 'GIFT')),
  add constraint promotions_target_check check (target in ('ORDER', 'LINES', 'UNITS', 'SHIPPING')),
  add constraint promotions_value_check check (case type
    when 'PERCENTAGE' then percent_bp between 1 and 10000 and amount_minor is null
    when 'FIXED_AMOUNT' then amount_minor > 0 and currency is not null and percent_bp is null
    when 'FIXED_PRICE' then price_minor >= 0 and currency is not null and target in ('LINES', 'UNITS')
    when 'BUY_X_GET_Y' then buy_quantity > 0 and get_quantity > 0 and percent_bp between 1 and 10000 and target = 'LINES'
    when 'TIERED' then tier_by in ('SPEND', 'QUANTITY') and jsonb_typeof(tiers) = 'array' and target in ('ORDER', 'LINES')
    when 'BUNDLE' then price_minor >= 0 and currency is not null and jsonb_typeof(bundle) = 'array' and target = 'LINES'
    when 'GIFT' then gift_variant_id is not null and gift_quantity > 0 and target = 'LINES'
    else percent_bp is null and amount_minor is null and target = 'SHIPPING' end),
  add constraint promotions_units_check check (
    (target = 'UNITS') = (unit_pick is not null and unit_count is not null)
    and (unit_pick is null or unit_pick in ('CHEAPEST', 'DEAREST')) and (unit_count is null or unit_count > 0)),
  add constraint promotions_min_quantity_check check (min_quantity > 0),
  add constraint promotions_base_check check (base in ('SEQUENTIAL', 'ORIGINAL')),
  add constraint promotions_group_check check ((exclusivity_group is null) = (group_mode is null)),
  add constraint promotions_group_code_check check (exclusivity_group ~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$'),
  add constraint promotions_group_mode_check check (group_mode in ('FIRST', 'BEST')),
  add constraint promotions_combines_with_check check (combines_with <@ '{ORDER,LINE,SHIPPING}'::text[]),
  add constraint promotions_max_order_minor_check check (max_order_minor > 0),
  add constraint promotions_max_line_minor_check check (max_line_minor > 0),
  add constraint promotions_floor_bp_check check (floor_bp between 0 and 10000),
  add constraint promotions_funding_check check (funding in ('PLATFORM', 'SELLER', 'SHARED')),
  add constraint promotions_seller_share_check check (case funding
    when 'PLATFORM' then seller_share_bp = 0
    when 'SELLER' then seller_share_bp = 10000
    else seller_share_bp between 0 and 10000 end),
  add constraint promotions_seller_pays_own_check check (seller_id is null or funding = 'SELLER'),
  add constraint promotions_platform_cap_check check (platform_cap_minor is null or (funding = 'SHARED' and platform_cap_minor >= 0)),
  add constraint promotions_budget_minor_check check (budget_minor > 0),
  add constraint promotions_money_has_currency_check check (
    currency is not null or coalesce(max_order_minor, max_line_minor, platform_cap_minor, budget_minor) is null),
  add constraint promotions_status_check check (status in ('DRAFT', 'SCHEDULED', 'ACTIVE', 'PAUSED', 'ENDED'));
comment on column pricing.promotions.line_condition is 'Which lines it is for, as a tree; line_path is the same compiled.';
comment on column pricing.promotions.condition is 'What the basket and its buyer must be, as a tree; condition_path is the same compiled.';
comment on column pricing.promotions.tiers is 'Bands in ascending order: {"from": minor units or quantity, "percentBp" | "amountMinor"}.';
comment on column pricing.promotions.bundle is 'Components: {"quantity", "categoryIds"?, "productIds"?, "variantIds"?}; price_minor is the price of one set.';
comment on column pricing.promotions.base is 'SEQUENTIAL computes on what earlier promotions left, ORIGINAL on the undiscounted amount.';
comment on column pricing.promotions.group_mode is 'Of an exclusivity group one promotion acts: the FIRST in order, or the BEST for the buyer.';
comment on column pricing.promotions.combines_with is 'Classes (ORDER, LINE, SHIPPING) that may act in the same basket; both promotions must agree.';
comment on column pricing.promotions.floor_bp is 'No line falls below this share of its undiscounted amount by this promotion.';
comment on column pricing.promotions.seller_share_bp is 'Which part of the discount the seller bears; the platform bears the rest.';
comment on column pricing.promotions.platform_cap_minor is 'The platform bears at most this much per order; the seller bears what is above.';
comment on column pricing.promotions.requires_coupon is 'Applies only by a code of its batches; one with a coupon_code does so anyway.';
comment on column pricing.promotions.budget_minor is 'The sum of all its discounts never passes this.';

create table pricing.promotion_versions (
  promotion_id uuid not null,
  version integer not null,
  rules jsonb not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  constraint promotion_versions_pkey primary key (promotion_id, version),
  constraint promotion_versions_promotion_id_fkey foreign key (promotion_id) references pricing.promotions (promotion_id),
  constraint promotion_versions_window_check check (closed_at >= opened_at)
);
comment on table pricing.promotion_versions is
  'The rules under which an active promotion acted. A change of an active promotion closes one version and opens the next; orders name theirs.';

create table pricing.buyer_groups (
  group_code text not null,
  name text not null,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint buyer_groups_pkey primary key (group_code),
  constraint buyer_groups_group_code_check check (group_code ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
  constraint buyer_groups_name_length_check check (length(name) between 1 and 100)
);
comment on table pricing.buyer_groups is 'Segments of buyers: conditions of promotions and price lists name them.';
create table pricing.buyer_group_members (
  buyer_id uuid not null,
  group_code text not null,
  added_at timestamptz not null,
  constraint buyer_group_members_pkey primary key (buyer_id, group_code),
  constraint buyer_group_members_group_code_fkey foreign key (group_code) references pricing.buyer_groups (group_code)
);
comment on table pricing.buyer_group_members is 'Who is in which segment.';
create index buyer_group_members_group_code_idx on pricing.buyer_group_members (group_code, buyer_id);

alter type pricing.basket add attribute country text, add attribute group_codes text[], add attribute order_number integer;
alter type pricing.basket_line add attribute variant_facts jsonb, add attribute gift_of uuid;
alter type pricing.adjustment add attribute base_minor bigint, add attribute seller_minor bigint, add attribute exact_share numeric;
comment on type pricing.basket is
  'One basket; group_codes and order_number (this order is the buyer''s n-th, null = unknown) are facts for conditions.';

drop index pricing.promotions_automatic_idx;
create index promotions_automatic_idx on pricing.promotions (priority, promotion_id)
  where status in ('ACTIVE', 'SCHEDULED') and coupon_code is null and not requires_coupon;
create index promotions_gift_idx on pricing.promotions (promotion_id) where status in ('ACTIVE', 'SCHEDULED') and type = 'GIFT';
create index promotions_conditional_idx on pricing.promotions (promotion_id)
  where status in ('ACTIVE', 'SCHEDULED') and condition is not null;
create index promotions_order_number_idx on pricing.promotions (promotion_id)
  where status in ('ACTIVE', 'SCHEDULED') and jsonb_path_exists(condition, '$.**.orderNumber');

insert into core.settings (name, value, unit, description) values
  ('pricing.floor_bp', 0, 'basis points', 'No promotion takes a line below this share of its undiscounted amount.');

drop type pricing.basket_promotion;
create type pricing.basket_promotion as (
  basket_no integer, slot integer, turn integer, promotion_id uuid, promotion_version integer, coupon_code text,
  type text, target text, percent_bp integer, amount_minor bigint, price_minor bigint, is_limited boolean,
  line_positions integer[], picks integer[], seller_ids uuid[],
  base text, is_exclusive boolean, exclusivity_group text, combines_with text[], stops_further boolean,
  max_order_minor bigint, max_line_minor bigint, floor_bp integer, seller_share_bp integer, platform_cap_minor bigint
);
comment on type pricing.basket_promotion is
  'A promotion that applies to a basket: its turn there (slot: the turn of its group, of which the best acts), the positions (in the array of all lines) and sellers it matches, how many units of each line take part (picks; null = all), and what it does.';
create type pricing.match_line as (
  n integer, line_no integer, seller_id uuid, product_id uuid, variant_id uuid, category_path uuid[],
  quantity integer, unit_price_minor bigint
);
comment on type pricing.match_line is 'What the filters of promotions look at; n is the position in the array of all lines.';
create type pricing.candidate as (
  basket_n integer, basket_no integer, promotion_id uuid, coupon_code text, is_conditional boolean, lines pricing.match_line[]
);
comment on type pricing.candidate is 'A promotion that may apply to a basket, as far as its columns tell, and the lines to try.';
create type pricing.pick as (picks integer[], price_minor bigint);
comment on type pricing.pick is 'How many units of each line take part, and what all of them together cost then, if that is fixed.';
create type pricing.shares as (base_minors bigint[], amounts bigint[], exacts numeric[], seller_minors bigint[]);
comment on type pricing.shares is 'What one promotion takes off each of its positions, on which base, exactly how much, and what of it the seller bears.';

create type pricing.not_applied as (promotion_id uuid, coupon_code text, code text, detail text, data jsonb);
comment on type pricing.not_applied is 'A promotion that did not act on a basket: why, for programs (code, data) and for people (detail).';
create type pricing.priced as (lines pricing.basket_line[], adjustments pricing.adjustment[]);
comment on type pricing.priced is 'A basket as an order placed now would have it: its lines, with the gifts that are given, and its discounts.';
alter type pricing.preview add attribute not_applied jsonb;

alter table orders.adjustments
  drop constraint adjustments_target_check,
  add column base_minor bigint not null default 0,
  add column seller_minor bigint not null default 0,
  add column exact_share numeric not null default 0,
  add constraint adjustments_target_check check (target in ('ORDER', 'LINES', 'UNITS', 'SHIPPING')),
  add constraint adjustments_seller_minor_check check (seller_minor between 0 and amount_minor);
comment on column orders.adjustments.seller_minor is 'What the seller bears of amount_minor; the platform bears the rest.';
comment on column orders.adjustments.base_minor is 'What the share was computed on.';
comment on column orders.adjustments.exact_share is 'The share before rounding to whole minor units.';

create type orders.order_pricing as (
  order_id uuid, currency text, subtotal_minor bigint, discount_minor bigint, shipping_minor bigint, total_minor bigint,
  lines jsonb, shipping jsonb, adjustments jsonb, commissions jsonb
);
comment on type orders.order_pricing is 'How the total of an order, or of one seller''s part of it, came about.';
