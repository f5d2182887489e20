-- The marketplace that the load bench trades on: 50 stores, 1,000 products with one variant and one offer each, stock that never
-- runs out, shipping rates, commission rules by default and by category, and 256 buyers who are logged in.
-- Runs once on an empty, migrated database, as the owner of everything.
create temp table bench_sellers as
select n, core.new_id() as seller_id, core.new_id() as user_id from generate_series(1, 50) as n;
insert into identity.sellers (seller_id, store_name, slug, created_at, updated_at)
select s.seller_id, 'Store ' || s.n, 'store-' || s.n, core.now(), core.now() from bench_sellers as s;
insert into identity.users (user_id, email, password_hash, display_name, role, created_at, updated_at)
select s.user_id, s.user_id || '@example.test', 'none', 'Owner', 'SELLER', core.now(), core.now() from bench_sellers as s;
insert into identity.seller_members (seller_id, user_id, member_role, created_at)
select s.seller_id, s.user_id, 'OWNER', core.now() from bench_sellers as s;
insert into pricing.shipping_rates (seller_id, currency, fee_minor, free_from_minor, updated_at)
select s.seller_id, 'USD', 490, 10000, core.now() from bench_sellers as s;

create temp table bench_buyers as
select core.new_id() as user_id, core.new_id() as session_id from generate_series(1, 512);
insert into identity.users (user_id, email, password_hash, display_name, role, created_at, updated_at)
select b.user_id, b.user_id || '@example.test', 'none', 'Buyer', 'BUYER', core.now(), core.now() from bench_buyers as b;
insert into identity.sessions (session_id, user_id, token_hash, created_at, expires_at)
select b.session_id, b.user_id, sha256(b.session_id::text::bytea), core.now(), core.now() + interval '1 day' from bench_buyers as b;

create temp table bench_categories as
select n, core.new_id() as category_id, core.new_id() as attribute_id from generate_series(0, 20) as n;
insert into catalog.categories (category_id, parent_id, path, name, slug, created_at, updated_at)
select c.category_id, nullif(r.category_id, c.category_id),
       case when c.n = 0 then array[c.category_id] else array[r.category_id, c.category_id] end,
       'Category ' || c.n, 'category-' || c.n, core.now(), core.now()
from bench_categories as c
join bench_categories as r on r.n = 0
order by c.n;
insert into pricing.commission_rules (rule_id, name, category_id, percent_bp, valid_from, created_at)
select core.new_id(), 'default', null, 1000, core.now(), core.now()
union all
select core.new_id(), 'category ' || c.n, c.category_id, 1000 + c.n * 10, core.now(), core.now()
from bench_categories as c
where c.n between 1 and 5;

create temp table bench_products as
select g.n, core.new_id() as product_id, core.new_id() as variant_id, s.seller_id, c.category_id, 990 + g.n * 7 as price_minor
from generate_series(1, 1000) as g (n)
join bench_sellers as s on s.n = g.n % 50 + 1
join bench_categories as c on c.n = g.n % 20 + 1;
insert into catalog.products (product_id, seller_id, category_id, title, slug, description, attributes, price_from_minor, price_to_minor,
                              currency, created_at, updated_at)
select p.product_id, p.seller_id, p.category_id, 'Product number ' || p.n, 'product-' || p.n,
       repeat('A believable description of a thing that somebody may want to buy. ', 6), '{}', p.price_minor, p.price_minor,
       'USD', core.now(), core.now()
from bench_products as p;
insert into catalog.variants (variant_id, product_id, axis_values, created_at, updated_at)
select p.variant_id, p.product_id, '{"size": "M", "color": "blue"}', core.now(), core.now() from bench_products as p;
insert into catalog.offers (seller_id, variant_id, sku, price_minor, currency, created_at, updated_at)
select p.seller_id, p.variant_id, 'SKU-' || p.n, p.price_minor, 'USD', core.now(), core.now() from bench_products as p;
insert into catalog.product_history (product_id, version, from_status, to_status, action, created_at)
select p.product_id, s.version, s.from_status, s.to_status, s.action, core.now()
from bench_products as p
cross join (values (2, 'DRAFT', 'PENDING_APPROVAL', 'submit'), (3, 'PENDING_APPROVAL', 'APPROVED', 'approve'),
                   (4, 'APPROVED', 'ACTIVE', 'activate')) as s (version, from_status, to_status, action);
update catalog.products set status = 'PENDING_APPROVAL', version = 2;
update catalog.products set status = 'APPROVED', version = 3;
update catalog.products set status = 'ACTIVE', version = 4;

insert into inventory.stock_levels (seller_id, variant_id, on_hand, low_stock_threshold, is_low, updated_at)
select p.seller_id, p.variant_id, 100000000, 5, false, core.now() from bench_products as p;
insert into inventory.movements (seller_id, movement_id, variant_id, kind, quantity_delta, on_hand_after, created_at)
select p.seller_id, core.new_id(), p.variant_id, 'SET', 100000000, 100000000, core.now() from bench_products as p;
-- told as a seller who sets the stock would have told it, so that the log can be checked against the tables afterwards
select events._append(
         'stock', inventory._stock_id(p.seller_id, p.variant_id), 1, 'inventory.stock_changed', null, 'bench', array[p.seller_id],
         jsonb_build_object('variantId', p.variant_id, 'sellerId', p.seller_id, 'mode', 'SET', 'delta', 100000000, 'onHand', 100000000,
                            'reserved', 0, 'version', 1, 'threshold', 5))
from bench_products as p;
