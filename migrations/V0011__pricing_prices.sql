-- Prices grow up: currencies, sales with a window, quantity breaks, a history for the lowest price of 30 days, and lists for groups
-- of buyers. What everybody pays belongs to the offer, so it is in catalog, where product reads may use it; what a group pays is a
-- rule of pricing. A list therefore always has a group: a list for everybody would be a public price that no product read shows.
create table catalog.offer_prices (
  seller_id uuid not null,
  variant_id uuid not null,
  currency char(3) not null,
  min_quantity integer not null default 1,
  price_minor bigint,
  sale_minor bigint,
  sale_from timestamptz,
  sale_until timestamptz,
  constraint offer_prices_pkey primary key (seller_id, variant_id, currency, min_quantity),
  constraint offer_prices_offer_fkey foreign key (seller_id, variant_id) references catalog.offers (seller_id, variant_id),
  constraint offer_prices_currency_fkey foreign key (currency) references core.currencies (currency),
  constraint offer_prices_min_quantity_check check (min_quantity > 0),
  constraint offer_prices_price_minor_check check (price_minor between 1 and 100000000000),
  constraint offer_prices_price_or_base_check check (price_minor is not null or min_quantity = 1),
  constraint offer_prices_sale_minor_check check (sale_minor between 1 and 100000000000),
  constraint offer_prices_sale_has_window_check check (num_nonnulls(sale_minor, sale_from, sale_until) in (0, 3)),
  constraint offer_prices_sale_window_check check (sale_until > sale_from)
);
comment on table catalog.offer_prices is
  'What an offer costs beyond its base price: in other currencies, from a quantity on, on sale. Everybody pays these.';
comment on column catalog.offer_prices.price_minor is 'Regular unit price; null where it is the base price of the offer, in its own currency.';
comment on column catalog.offer_prices.sale_until is 'End of the sale, exclusive; infinity when it is open.';
create index offer_prices_currency_idx on catalog.offer_prices (currency);

create table catalog.price_history (
  seller_id uuid not null,
  variant_id uuid not null,
  currency char(3) not null,
  valid_from timestamptz not null,
  change_no integer not null,
  price_minor bigint,
  sale_minor bigint,
  sale_from timestamptz,
  sale_until timestamptz,
  reduced_since timestamptz,
  constraint price_history_pkey primary key (seller_id, variant_id, currency, valid_from, change_no),
  constraint price_history_offer_fkey foreign key (seller_id, variant_id) references catalog.offers (seller_id, variant_id),
  constraint price_history_currency_fkey foreign key (currency) references core.currencies (currency)
);
comment on table catalog.price_history is
  'What one unit of an offer cost everybody, as it was decided: each row holds until the next. Sales begin and end by the clock, so a row carries its sale''s window.';
comment on column catalog.price_history.price_minor is 'Regular unit price; null from when it was not sold in this currency.';
comment on column catalog.price_history.reduced_since is
  'Since when the sale price of this row applies without a break, where an earlier row began it.';
create index price_history_currency_idx on catalog.price_history (currency);
insert into catalog.price_history (seller_id, variant_id, currency, valid_from, change_no, price_minor)
select o.seller_id, o.variant_id, o.currency, o.updated_at, 1, o.price_minor
from catalog.offers as o
where o.status = 'ACTIVE';

create table pricing.price_lists (
  price_list_id uuid not null,
  seller_id uuid,
  name text not null,
  group_code text not null,
  priority integer not null default 0,
  is_active boolean not null default true,
  starts_at timestamptz not null,
  ends_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint price_lists_pkey primary key (price_list_id),
  constraint price_lists_seller_id_fkey foreign key (seller_id) references identity.sellers (seller_id),
  constraint price_lists_group_code_fkey foreign key (group_code) references pricing.buyer_groups (group_code),
  constraint price_lists_name_length_check check (length(name) between 1 and 100),
  constraint price_lists_priority_check check (priority between -1000000 and 1000000),
  constraint price_lists_window_check check (ends_at > starts_at)
);
comment on table pricing.price_lists is
  'What a group of buyers pays instead of the public price. Of several lists the greatest priority wins, then the older one.';
comment on column pricing.price_lists.seller_id is 'Whose list it is; null = the marketplace''s, where every seller may enter own offers.';
create index price_lists_group_code_idx on pricing.price_lists (group_code);
create index price_lists_seller_id_idx on pricing.price_lists (seller_id, price_list_id);

create table pricing.list_prices (
  seller_id uuid not null,
  price_list_id uuid not null,
  variant_id uuid not null,
  currency char(3) not null,
  min_quantity integer not null default 1,
  price_minor bigint not null,
  constraint list_prices_pkey primary key (seller_id, price_list_id, variant_id, currency, min_quantity),
  constraint list_prices_offer_fkey foreign key (seller_id, variant_id) references catalog.offers (seller_id, variant_id),
  constraint list_prices_price_list_id_fkey foreign key (price_list_id) references pricing.price_lists (price_list_id),
  constraint list_prices_currency_fkey foreign key (currency) references core.currencies (currency),
  constraint list_prices_min_quantity_check check (min_quantity > 0),
  constraint list_prices_price_minor_check check (price_minor between 1 and 100000000000)
);
comment on table pricing.list_prices is 'Unit prices of offers in a price list, from a quantity on.';
create index list_prices_offer_idx on pricing.list_prices (seller_id, variant_id);
create index list_prices_price_list_id_idx on pricing.list_prices (price_list_id, variant_id, seller_id);
create index list_prices_currency_idx on pricing.list_prices (currency);

insert into core.settings (name, value, unit, description) values
  ('catalog.offer_prices_max', 100, 'prices', 'Most prices of one offer: its currencies times their quantity breaks. Also within one price list.');

alter type pricing.wanted_line add attribute buyer_id uuid;
alter type pricing.basket_line add attribute price_source jsonb;
comment on type pricing.wanted_line is 'A line as it was asked for; buyer_id (null = anybody) decides which price lists count.';

alter table orders.order_lines add column price_source jsonb;
comment on column orders.order_lines.price_source is
  'Where unit_price_minor came from: {"kind": "SALE" | "BREAK" | "LIST", "minQuantity", "priceListId"?}; null for the regular price.';
