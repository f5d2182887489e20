create table catalog.categories (
  category_id uuid not null,
  parent_id uuid,
  path uuid[] not null,
  name text not null,
  slug text not null,
  position integer not null default 0,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint categories_pkey primary key (category_id),
  constraint categories_slug_key unique (slug),
  constraint categories_parent_id_fkey foreign key (parent_id) references catalog.categories (category_id),
  constraint categories_not_own_parent_check check (parent_id <> category_id),
  constraint categories_path_ends_with_self_check check (path[cardinality(path)] = category_id),
  constraint categories_name_length_check check (length(name) between 1 and 100),
  constraint categories_slug_check check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120)
);
comment on table catalog.categories is 'The category tree.';
comment on column catalog.categories.path is 'Ids from the root to the category itself; kept by the functions that move categories.';
create index categories_parent_id_idx on catalog.categories (parent_id, position, category_id);
create index categories_path_idx on catalog.categories using gin (path);

create table catalog.attributes (
  attribute_id uuid not null,
  code text not null,
  name text not null,
  type text not null,
  unit text,
  is_required boolean not null default false,
  is_variant_axis boolean not null default false,
  options text[],
  min_value numeric,
  max_value numeric,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint attributes_pkey primary key (attribute_id),
  constraint attributes_code_key unique (code),
  constraint attributes_code_check check (code ~ '^[a-z][a-z0-9_]{0,49}$'),
  constraint attributes_name_length_check check (length(name) between 1 and 100),
  constraint attributes_type_check check (type in ('text', 'number', 'boolean', 'select', 'multiselect', 'date')),
  constraint attributes_options_only_for_selects_check
    check ((type in ('select', 'multiselect')) = (options is not null and cardinality(options) > 0)),
  constraint attributes_range_check check (min_value is null or max_value is null or min_value <= max_value),
  constraint attributes_axis_is_select_check check (not is_variant_axis or type = 'select')
);
comment on table catalog.attributes is 'Definitions of product attributes. A category uses its own and those of its ancestors.';
comment on column catalog.attributes.min_value is 'Smallest number, or shortest text; null = no limit.';
comment on column catalog.attributes.max_value is 'Largest number, or longest text; null = no limit.';

create table catalog.category_attributes (
  category_id uuid not null,
  attribute_id uuid not null,
  position integer not null default 0,
  constraint category_attributes_pkey primary key (category_id, attribute_id),
  constraint category_attributes_category_id_fkey foreign key (category_id) references catalog.categories (category_id),
  constraint category_attributes_attribute_id_fkey foreign key (attribute_id) references catalog.attributes (attribute_id)
);
comment on table catalog.category_attributes is 'Which attributes a category asks for, besides the inherited ones.';
create index category_attributes_attribute_id_idx on catalog.category_attributes (attribute_id);

create table catalog.products (
  product_id uuid not null,
  seller_id uuid not null,
  category_id uuid not null,
  title text not null,
  slug text not null,
  description text not null default '',
  attributes jsonb not null default '{}',
  status text not null default 'DRAFT',
  review_reason text,
  price_from_minor bigint,
  price_to_minor bigint,
  currency char(3),
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  search tsvector not null generated always as
    (setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', description), 'B')) stored,
  constraint products_pkey primary key (product_id),
  constraint products_slug_key unique (slug),
  constraint products_seller_id_fkey foreign key (seller_id) references identity.sellers (seller_id),
  constraint products_category_id_fkey foreign key (category_id) references catalog.categories (category_id),
  constraint products_currency_fkey foreign key (currency) references core.currencies (currency),
  constraint products_slug_check check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120),
  constraint products_title_length_check check (length(title) between 3 and 200),
  constraint products_description_length_check check (length(description) <= 20000),
  constraint products_status_check check (status in
    ('DRAFT', 'PENDING_APPROVAL', 'APPROVED', 'REJECTED', 'ACTIVE', 'INACTIVE', 'ARCHIVED')),
  constraint products_attributes_is_object_check check (jsonb_typeof(attributes) = 'object'),
  constraint products_price_range_check
    check (num_nonnulls(price_from_minor, price_to_minor, currency) in (0, 3) and price_from_minor <= price_to_minor)
);
comment on table catalog.products is 'What is described and approved once; sellers offer its variants.';
comment on column catalog.products.version is 'Grows with every change of the product, its variants or their offers; a review names it.';
comment on column catalog.products.price_from_minor is
  'Lowest active offer price in minor units of currency; kept by the offer writers, for lists.';
create index products_seller_id_idx on catalog.products (seller_id, product_id);
create index products_category_id_idx on catalog.products (category_id, product_id);
create index products_currency_idx on catalog.products (currency);
create index products_status_idx on catalog.products (status, product_id);
create index products_status_title_idx on catalog.products (status, title, product_id);
create index products_status_price_idx on catalog.products (status, currency, price_from_minor, product_id);
create index products_search_idx on catalog.products using gin (search);

create table catalog.product_transitions (
  from_status text not null,
  action text not null,
  to_status text not null,
  actor_kind text not null,
  constraint product_transitions_pkey primary key (from_status, action, actor_kind)
);
comment on table catalog.product_transitions is 'Every allowed change of a product''s status; a trigger refuses all others.';
insert into catalog.product_transitions (from_status, action, to_status, actor_kind) values
  ('DRAFT', 'submit', 'PENDING_APPROVAL', 'SELLER'),
  ('REJECTED', 'submit', 'PENDING_APPROVAL', 'SELLER'),
  ('PENDING_APPROVAL', 'approve', 'APPROVED', 'ADMIN'),
  ('PENDING_APPROVAL', 'reject', 'REJECTED', 'ADMIN'),
  ('APPROVED', 'activate', 'ACTIVE', 'SELLER'),
  ('INACTIVE', 'activate', 'ACTIVE', 'SELLER'),
  ('ACTIVE', 'deactivate', 'INACTIVE', 'SELLER'),
  ('ACTIVE', 'deactivate', 'INACTIVE', 'ADMIN'),
  ('APPROVED', 'revise', 'DRAFT', 'SELLER'),
  ('REJECTED', 'revise', 'DRAFT', 'SELLER'),
  ('ACTIVE', 'revise', 'PENDING_APPROVAL', 'SELLER'),
  ('INACTIVE', 'revise', 'PENDING_APPROVAL', 'SELLER'),
  ('DRAFT', 'archive', 'ARCHIVED', 'SELLER'),
  ('PENDING_APPROVAL', 'archive', 'ARCHIVED', 'SELLER'),
  ('APPROVED', 'archive', 'ARCHIVED', 'SELLER'),
  ('REJECTED', 'archive', 'ARCHIVED', 'SELLER'),
  ('ACTIVE', 'archive', 'ARCHIVED', 'SELLER'),
  ('INACTIVE', 'archive', 'ARCHIVED', 'SELLER'),
  ('ACTIVE', 'archive', 'ARCHIVED', 'ADMIN'),
  ('INACTIVE', 'archive', 'ARCHIVED', 'ADMIN');

create table catalog.product_history (
  product_id uuid not null,
  version integer not null,
  from_status text not null,
  to_status text not null,
  action text not null,
  actor_id uuid,
  reason text,
  created_at timestamptz not null,
  constraint product_history_pkey primary key (product_id, version),
  constraint product_history_product_id_fkey foreign key (product_id) references catalog.products (product_id)
);
comment on table catalog.product_history is 'Every status change of a product: who, when, why.';

create table catalog.variants (
  variant_id uuid not null,
  product_id uuid not null,
  axis_values jsonb not null default '{}',
  position integer not null default 0,
  status text not null default 'ACTIVE',
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint variants_pkey primary key (variant_id),
  constraint variants_product_id_fkey foreign key (product_id) references catalog.products (product_id),
  constraint variants_axis_values_is_object_check check (jsonb_typeof(axis_values) = 'object'),
  constraint variants_status_check check (status in ('ACTIVE', 'ARCHIVED'))
);
comment on table catalog.variants is 'What can be bought of a product: one combination of its axes.';
create unique index variants_product_id_axis_values_key on catalog.variants (product_id, axis_values) where status = 'ACTIVE';
create index variants_product_id_idx on catalog.variants (product_id, position, variant_id);

create table catalog.offers (
  seller_id uuid not null,
  variant_id uuid not null,
  sku text not null,
  price_minor bigint not null,
  currency char(3) not null,
  status text not null default 'ACTIVE',
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint offers_pkey primary key (seller_id, variant_id),
  constraint offers_seller_id_fkey foreign key (seller_id) references identity.sellers (seller_id),
  constraint offers_variant_id_fkey foreign key (variant_id) references catalog.variants (variant_id),
  constraint offers_currency_fkey foreign key (currency) references core.currencies (currency),
  constraint offers_sku_check check (sku ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  constraint offers_price_minor_check check (price_minor between 1 and 100000000000),
  constraint offers_status_check check (status in ('ACTIVE', 'ARCHIVED'))
);
comment on table catalog.offers is 'A seller''s price for a variant. Several sellers may offer one variant.';
comment on column catalog.offers.price_minor is 'Unit price in minor units of currency.';
create unique index offers_seller_id_sku_key on catalog.offers (seller_id, sku) where status = 'ACTIVE';
create index offers_variant_id_idx on catalog.offers (variant_id);
create index offers_currency_idx on catalog.offers (currency);

-- One variant as a request asks for it, after the axes were multiplied and the overrides laid over.
create type catalog.new_variant as (
  line_no integer,
  axis_values jsonb,
  sku text,
  price_minor bigint,
  currency text
);
comment on type catalog.new_variant is 'A variant to create: its place in the request, its combination, SKU and price.';
