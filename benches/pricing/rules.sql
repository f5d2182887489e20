-- What a grown marketplace has on top of benches/load/data.sql: 10,000 active commission rules and 500 active promotions, 100 of them
-- automatic. Most are for certain products, categories or sellers, a few for everybody, some with conditions.
-- Runs once, as the owner of everything.
create temp table numbered_products as
select p.product_id, p.category_id, o.seller_id, row_number() over (order by o.sku) as n
from catalog.products as p
join catalog.variants as v on v.product_id = p.product_id
join catalog.offers as o on o.variant_id = v.variant_id;
create temp table numbered_sellers as
select s.seller_id, row_number() over (order by s.seller_id) as n from identity.sellers as s;
create temp table numbered_categories as
select c.category_id, row_number() over (order by c.path) as n from catalog.categories as c where cardinality(c.path) > 1;

-- 6,000 for products, 3,000 for sellers in categories, the rest for sellers in bands of prices.
create temp table rules as
select p.product_id, null::uuid as category_id, s.seller_id, c.currency, null::bigint as band_min_minor, null::bigint as band_max_minor,
       500 + p.n % 1500 as percent_bp
from numbered_products as p
cross join lateral (values (null::uuid), (p.seller_id)) as s (seller_id)
cross join (values (null), ('USD'), ('EUR')) as c (currency)
union all
select null, k.category_id, s.seller_id, c.currency, null, null, 600 + (s.n * k.n) % 900
from numbered_sellers as s
cross join numbered_categories as k
cross join (values (null), ('USD'), ('EUR')) as c (currency)
union all
select null, null, s.seller_id, c.currency, b.n * 1000, b.n * 1000 + 1000, 700 + b.n * 10
from numbered_sellers as s
cross join (values ('USD'), ('EUR')) as c (currency)
cross join generate_series(0, 9) as b (n);
insert into pricing.commission_rules (rule_id, name, product_id, category_id, seller_id, currency, band_min_minor, band_max_minor,
                                      percent_bp, valid_from, created_at)
select core.new_id(), 'A rule', r.product_id, r.category_id, r.seller_id, r.currency, r.band_min_minor, r.band_max_minor, r.percent_bp,
       core.now() - interval '1 day', core.now()
from rules as r
limit 10000 - (select count(*) from pricing.commission_rules);

insert into catalog.attributes (attribute_id, code, name, type, created_at, updated_at)
values (core.new_id(), 'material', 'Material', 'text', core.now(), core.now());
insert into pricing.buyer_groups (group_code, name, created_at, updated_at)
values ('vip', 'Good customers', core.now(), core.now()), ('staff', 'Colleagues', core.now(), core.now());
insert into pricing.buyer_group_members (buyer_id, group_code, added_at)
select u.user_id, case row_number() over (order by u.user_id) % 10 when 0 then 'staff' else 'vip' end, core.now()
from identity.users as u
where u.role = 'BUYER' and get_byte(uuid_send(u.user_id), 15) < 50;

-- One in five is automatic. Of 25, eighteen are for some products, two for a category, four of a seller for its own goods, and one is
-- for everybody: of the automatic ones, one each for good customers, for colleagues, from 150.00 on, and at night.
create temp table promotions as
select g.n, g.n <= 100 as is_automatic,
       case when g.n % 25 in (1, 2, 3, 4) then (select s.seller_id from numbered_sellers as s where s.n = g.n % 50 + 1) end as seller_id,
       jsonb_build_object('name', 'Promotion ' || g.n, 'priority', g.n % 7)
       || case g.n % 6
            when 0 then '{"type": "PERCENTAGE", "target": "LINES", "percentBp": 1000}'::jsonb
            when 1 then '{"type": "PERCENTAGE", "target": "ORDER", "percentBp": 500}'
            when 2 then '{"type": "BUY_X_GET_Y", "target": "LINES", "buyQuantity": 2, "getQuantity": 1, "percentBp": 10000}'
            when 3 then '{"type": "FIXED_AMOUNT", "target": "LINES", "amount": {"amountMinor": 100, "currency": "USD"}}'
            when 4 then '{"type": "PERCENTAGE", "target": "UNITS", "unitPick": "CHEAPEST", "unitCount": 1, "percentBp": 5000}'
            else '{"type": "TIERED", "target": "ORDER", "tierBy": "SPEND", "currency": "USD",
                   "tiers": [{"from": 5000, "percentBp": 300}, {"from": 20000, "percentBp": 600}]}' end
       || case
            when g.n % 25 = 0 then case g.n / 25 % 4
              when 0 then '{"condition": {"segment": ["vip"]}}'::jsonb
              when 1 then '{"condition": {"segment": ["staff"]}}'
              when 2 then '{"minSubtotal": {"amountMinor": 15000, "currency": "USD"}}'
              else '{"condition": {"time": {"from": "01:00", "until": "04:00"}}}' end
            when g.n % 25 <= 4 then '{}'
            when g.n % 25 <= 6 then jsonb_build_object('categoryIds', (
              select jsonb_agg(c.category_id) from numbered_categories as c where c.n = g.n % 20 + 1))
            else jsonb_build_object('productIds', (
              select jsonb_agg(p.product_id) from numbered_products as p where p.n % 200 = g.n % 200)) end
       || case g.n % 8
            when 1 then '{"condition": {"all": [{"subtotal": {"min": 8000}}, {"not": {"country": ["DE"]}}]}}'::jsonb
            when 2 then '{"lineCondition": {"any": [{"unitPrice": {"min": 3000}}, {"attribute": {"code": "material", "in": ["wool"]}}]}}'
            else '{}' end as document
from generate_series(1, 500) as g (n);
update promotions set document = document || jsonb_build_object('couponCode', 'CODE-' || n) where not is_automatic;
update promotions set document = document || '{"funding": "SHARED", "sellerShareBp": 5000}' where seller_id is null and n % 3 = 0;
insert into pricing.promotions
select p.*
from promotions as d
cross join lateral pricing._promotion_from(
  d.document,
  jsonb_populate_record(null::pricing.promotions, jsonb_build_object(
    'promotion_id', core.new_id(), 'seller_id', d.seller_id, 'status', 'ACTIVE', 'version', 1,
    'starts_at', core.now() - interval '1 day', 'created_at', core.now(), 'updated_at', core.now())),
  core.now()) as p;
