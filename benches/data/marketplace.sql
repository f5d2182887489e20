-- A marketplace of any size for measurements, written set by set: SCALE 1 is 100 stores with 10,000 offers and a year of 100,000
-- orders, two lines each, with 300,000 events; everything grows with it. The same scale gives the same choices and ids
-- that differ only in their time.
--
-- Runs inside one transaction on a migrated, empty marketplace, as superuser (triggers and foreign keys are checked by
-- core.check_invariants() afterwards, not row by row), with the scale in the setting bench.scale; answers the rows written.
-- One order in 40 EXPIRED; of the others the newest are PAID, SHIPPED and DELIVERED, and the rest COMPLETED. No deadline runs out
-- within a day.
-- The log holds three events of each sold order, its placing and its payment: volume for the stream, not a full history.
set local session_replication_role = replica;
set local maintenance_work_mem = '256MB';
set local work_mem = '128MB';
set local jit = off;

do $$
begin
  if exists (select from orders.orders) or exists (select from events.log) or exists (select from catalog.offers) then
    raise exception 'The generated marketplace needs an empty one.';
  end if;
end
$$;

-- A UUIDv7 of a moment: kind and number take the place of the random bits.
create function pg_temp.id(p_at timestamptz, p_kind integer, p_n bigint) returns uuid
language sql immutable as $$
  select (lpad(to_hex((extract(epoch from p_at) * 1000)::bigint), 12, '0') || '7000a' || lpad(to_hex(p_kind), 3, '0')
          || lpad(to_hex(p_n), 12, '0'))::uuid
$$;
-- A number in [0, 1) that is always the same for n.
create function pg_temp.draw(p_n bigint, p_seed bigint) returns double precision
language sql immutable as $$
  select (hashint8extended(p_n, p_seed) & 1073741823) / 1073741824.0::double precision
$$;

-- Forty words of a vocabulary of 20,000, the k-th of which is used about 1/k as often as the first.
create function pg_temp.words(p_n bigint) returns text
language sql immutable as $$
  select string_agg(translate(to_hex(1000003 + 7919 * power(20000, pg_temp.draw(p_n * 64 + i, 5))::bigint), '0123456789abcdef', 'bdfgklmnprstvaei'), ' ')
  from generate_series(1, 40) as i
$$;

create temp table bench_size on commit drop as
select s.stores, 2 * s.stores * greatest(1, round(10000 * s.scale / (2 * s.stores)))::bigint as offers, s.buyers, s.orders,
       date_trunc('milliseconds', core.now()) - interval '366 days' as opened_at
from (select c.scale, greatest(2, round(100 * c.scale))::bigint as stores, greatest(10, round(10000 * c.scale))::bigint as buyers,
             greatest(1, round(100000 * c.scale))::bigint as orders
      from (select current_setting('bench.scale')::numeric as scale) as c) as s;

-- Secondary indexes are built at the end, which takes a fraction of keeping them.
create temp table bench_indexes on commit drop as
select format('%I.%I', n.nspname, i.relname) as name, pg_get_indexdef(x.indexrelid) as definition
from pg_index as x
join pg_class as i on i.oid = x.indexrelid
join pg_class as t on t.oid = x.indrelid and t.relkind = 'r'
join pg_namespace as n on n.oid = t.relnamespace
where n.nspname in ('identity', 'catalog', 'inventory', 'orders', 'payments') and not t.relispartition
  and not exists (select from pg_constraint as c where c.conindid = x.indexrelid);
do $$
declare
  v_name text;
begin
  for v_name in select b.name from bench_indexes as b loop
    execute 'drop index ' || v_name;
  end loop;
end
$$;

create temp table bench_stores on commit drop as
select n, pg_temp.id(s.opened_at, 1, n) as seller_id, pg_temp.id(s.opened_at, 2, n) as user_id, s.opened_at as at
from bench_size as s, generate_series(0, s.stores - 1) as n;
insert into identity.sellers (seller_id, store_name, slug, created_at, updated_at)
select s.seller_id, 'Store ' || s.n, 'store-' || s.n, s.at, s.at from bench_stores as s;
insert into identity.users (user_id, email, password_hash, display_name, role, created_at, updated_at)
select s.user_id, format('owner-%s@example.test', s.n), 'none', 'Owner', 'SELLER', s.at, s.at from bench_stores as s
union all
select pg_temp.id(s.opened_at, 3, n), format('buyer-%s@example.test', n), 'none', 'Buyer', 'BUYER', s.opened_at, s.opened_at
from bench_size as s, generate_series(0, s.buyers - 1) as n
union all
select pg_temp.id(s.opened_at, 4, 0), 'admin-0@example.test', 'none', 'Admin', 'ADMIN', s.opened_at, s.opened_at from bench_size as s;
insert into identity.seller_members (seller_id, user_id, member_role, created_at)
select s.seller_id, s.user_id, 'OWNER', s.at from bench_stores as s;
insert into identity.sessions (session_id, user_id, token_hash, created_at, expires_at)
select pg_temp.id(s.opened_at, 5, n), pg_temp.id(s.opened_at, 3, n), sha256(n::text::bytea), s.opened_at, core.now() + interval '1 day'
from bench_size as s, generate_series(0, s.buyers - 1) as n;
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at)
select s.seller_id, 'USD', 490, s.at from bench_stores as s;
insert into pricing.commission_rules (rule_id, name, percent_bp, valid_from, created_at)
select pg_temp.id(s.opened_at, 6, 0), 'default', 1000, s.opened_at, s.opened_at from bench_size as s;

-- a root and 20 categories below it
insert into catalog.categories (category_id, parent_id, path, name, slug, created_at, updated_at)
select c.id, case when n > 0 then c.root end, case when n > 0 then array[c.root, c.id] else array[c.root] end,
       'Category ' || n, 'category-' || n, s.opened_at, s.opened_at
from bench_size as s, generate_series(0, 20) as n,
     lateral (select pg_temp.id(s.opened_at, 7, n) as id, pg_temp.id(s.opened_at, 7, 0) as root) as c;

-- Offer i is of store i mod stores; it and the offer i + stores are the two variants of one product.
create temp table bench_offers on commit drop as
select n as offer_no, pg_temp.id(s.opened_at, 1, n % s.stores) as seller_id,
       pg_temp.id(s.opened_at + n * interval '1 millisecond', 8, n) as variant_id,
       pg_temp.id(s.opened_at + p.no * interval '1 millisecond', 9, p.no) as product_id,
       pg_temp.id(s.opened_at, 7, 1 + p.no % 20) as category_id, p.no as product_no, 500 + (pg_temp.draw(p.no, 1) * 20000)::bigint as price_minor,
       case n / s.stores % 2 when 0 then 'M' else 'L' end as size, s.opened_at as at
from bench_size as s, generate_series(0, s.offers - 1) as n,
     lateral (select n / s.stores / 2 * s.stores + n % s.stores as no) as p;
insert into catalog.products (product_id, seller_id, category_id, title, slug, description, attributes, status, price_from_minor,
                              price_to_minor, currency, version, created_at, updated_at)
select o.product_id, o.seller_id, o.category_id,
       format('%s %s number %s', (array['Oak', 'Steel', 'Linen', 'Glass', 'Paper', 'Wool', 'Clay'])[1 + o.product_no % 7],
              (array['table', 'lamp', 'shirt', 'bowl', 'chair', 'clock', 'bag', 'book', 'pen', 'shelf', 'mirror'])[1 + o.product_no % 11],
              o.product_no),
       'product-' || o.product_no, 'A believable description: ' || pg_temp.words(o.product_no), '{}', 'ACTIVE',
       o.price_minor, o.price_minor, 'USD', 4, o.at, o.at
from bench_offers as o
where o.size = 'M';
insert into catalog.product_history (product_id, version, from_status, to_status, action, created_at)
select o.product_id, h.version, h.from_status, h.to_status, h.action, o.at
from bench_offers as o
cross join (values (2, 'DRAFT', 'PENDING_APPROVAL', 'submit'), (3, 'PENDING_APPROVAL', 'APPROVED', 'approve'),
                   (4, 'APPROVED', 'ACTIVE', 'activate')) as h (version, from_status, to_status, action)
where o.size = 'M';
insert into catalog.variants (variant_id, product_id, axis_values, created_at, updated_at)
select o.variant_id, o.product_id, jsonb_build_object('size', o.size), o.at, o.at from bench_offers as o;
insert into catalog.offers (seller_id, variant_id, sku, price_minor, currency, created_at, updated_at)
select o.seller_id, o.variant_id, 'SKU-' || o.offer_no, o.price_minor, 'USD', o.at, o.at from bench_offers as o;
insert into catalog.price_history (seller_id, variant_id, currency, valid_from, change_no, price_minor)
select o.seller_id, o.variant_id, 'USD', o.at, 1, o.price_minor from bench_offers as o;
create unique index on bench_offers (offer_no);
analyze bench_offers;

-- Popular offers are bought more. The second line is of the same store in two orders of three.
create temp table bench_orders on commit drop as
select n, a.at, pg_temp.id(a.at, 10, n) as order_id, pg_temp.id(a.at, 11, n) as payment_id,
       pg_temp.id(s.opened_at, 3, floor(pg_temp.draw(n, 2) * s.buyers)::bigint) as buyer_id,
       case when n % 40 = 0 then 'EXPIRED' when n > s.orders * 0.995 then 'PAID' when n > s.orders * 0.98 then 'SHIPPED'
            when n > s.orders * 0.94 then 'DELIVERED' else 'COMPLETED' end as status,
       a.first_no, (a.first_no + case n % 3 when 0 then 1 else s.stores end) % s.offers as second_no
from bench_size as s, generate_series(1, s.orders) as n,
     lateral (select s.opened_at + interval '1 day' + n * (interval '364 days 23 hours' / s.orders) as at,
                     floor(power(pg_temp.draw(n, 3), 2) * s.offers)::bigint as first_no) as a;
create temp table bench_lines on commit drop as
select o.n, o.order_id, o.status, o.at, l.line_no, f.seller_id, f.variant_id, f.product_id, f.product_no, f.offer_no, f.category_id, f.size,
       f.price_minor, l.quantity, f.price_minor * l.quantity as total_minor
from bench_orders as o
cross join lateral (values (1::smallint, o.first_no, 1 + (o.n % 3)::integer), (2::smallint, o.second_no, 1)) as l (line_no, offer_no, quantity)
join bench_offers as f on f.offer_no = l.offer_no;
analyze bench_lines;
create temp table bench_parts on commit drop as
select l.n, l.order_id, l.seller_id, l.status, l.at, sum(l.total_minor)::bigint as subtotal_minor,
       sum((l.total_minor * 1000 + 5000) / 10000)::bigint as commission_minor
from bench_lines as l
group by l.n, l.order_id, l.seller_id, l.status, l.at;
analyze bench_parts;
create temp table bench_headers on commit drop as
select o.*, p.seller_ids, p.subtotal_minor, p.shipping_minor, p.subtotal_minor + p.shipping_minor as total_minor
from bench_orders as o
join (select p.n, array_agg(p.seller_id order by p.seller_id) as seller_ids, sum(p.subtotal_minor)::bigint as subtotal_minor,
             count(*) * 490 as shipping_minor
      from bench_parts as p
      group by p.n) as p using (n)
order by o.n;
analyze bench_headers;

-- what each status has behind it
create temp table bench_steps (version integer, from_status text, to_status text, action text, actor_kind text, after interval) on commit drop;
insert into bench_steps values
  (1, null, 'PENDING_PAYMENT', 'place', 'BUYER', '0'), (2, 'PENDING_PAYMENT', 'PAID', 'pay', 'SYSTEM', '1 minute'),
  (3, 'PAID', 'PROCESSING', 'accept', 'SELLER', '1 hour'), (4, 'PROCESSING', 'SHIPPED', 'ship', 'SELLER', '5 hours'),
  (5, 'SHIPPED', 'DELIVERED', 'deliver', 'SELLER', '10 hours'), (6, 'DELIVERED', 'COMPLETED', 'complete', 'SYSTEM', '20 hours');

insert into orders.orders (order_id, buyer_id, seller_ids, status, currency, subtotal_minor, discount_minor, shipping_minor, total_minor,
                           shipping_address, placed_at, payment_due_at, version, updated_at, due_at, acceptance_due_at)
select h.order_id, h.buyer_id, h.seller_ids, h.status, 'USD', h.subtotal_minor, 0, h.shipping_minor, h.total_minor,
       '{"name": "A Buyer", "line1": "1 High Street", "city": "Springfield", "countryCode": "US"}', h.at, h.at + interval '15 minutes',
       coalesce(s.version, 2), h.at + coalesce(s.after, '15 minutes'),
       case when h.status in ('PAID', 'DELIVERED') then core.now() + interval '2 days' end,
       case when h.status = 'PAID' then core.now() + interval '2 days' end
from bench_headers as h
left join bench_steps as s on s.to_status = h.status
order by h.n;
insert into orders.fulfilments (seller_id, order_id, status, subtotal_minor, discount_minor, shipping_minor, total_minor, carrier,
                                tracking_number, accepted_at, shipped_at, delivered_at, version, updated_at)
select p.seller_id, p.order_id, f.status, p.subtotal_minor, 0, 490, p.subtotal_minor + 490,
       case when f.version > 2 then 'Carrier' end, case when f.version > 2 then 'T' || p.n end,
       case when f.version > 2 then p.at + interval '1 hour' end, case when f.version > 2 then p.at + interval '5 hours' end,
       case when f.version > 3 then p.at + interval '10 hours' end, f.version, p.at
from bench_parts as p
join (values ('EXPIRED', 'CANCELLED', 2), ('PAID', 'PENDING', 1), ('SHIPPED', 'SHIPPED', 3), ('DELIVERED', 'DELIVERED', 4),
             ('COMPLETED', 'DELIVERED', 4)) as f (order_status, status, version) on f.order_status = p.status
order by p.n;
insert into orders.order_lines (seller_id, order_id, line_no, variant_id, product_id, title, sku, axis_values, quantity, unit_price_minor,
                                subtotal_minor, discount_minor, total_minor)
select l.seller_id, l.order_id, l.line_no, l.variant_id, l.product_id, 'Product number ' || l.product_no, 'SKU-' || l.offer_no,
       jsonb_build_object('size', l.size), l.quantity, l.price_minor, l.total_minor, 0, l.total_minor
from bench_lines as l
order by l.n;
insert into orders.commissions (seller_id, order_id, line_no, rule_id, rule_version, percent_bp, fixed_minor, base_minor, amount_minor,
                                limit_minor, exact_percent, category_path)
select l.seller_id, l.order_id, l.line_no, pg_temp.id(s.opened_at, 6, 0), 1, 1000, 0, l.total_minor,
       (l.total_minor * 1000 + 5000) / 10000, l.total_minor, l.total_minor * 0.1000,
       array[pg_temp.id(s.opened_at, 7, 0), l.category_id]
from bench_lines as l
cross join bench_size as s
order by l.n;
insert into orders.order_history (order_id, version, from_status, to_status, action, actor_kind, actor_id, created_at)
select h.order_id, s.version, s.from_status, s.to_status, s.action, s.actor_kind, case when s.version <= 2 then h.buyer_id end, h.at + s.after
from bench_headers as h
join bench_steps as last on last.to_status = h.status
join bench_steps as s on s.version <= last.version
union all
select h.order_id, s.version, s.from_status, s.to_status, s.action, s.actor_kind, null, h.at + s.after
from bench_headers as h
cross join (values (1, null, 'PENDING_PAYMENT', 'place', 'BUYER', interval '0'),
                   (2, 'PENDING_PAYMENT', 'EXPIRED', 'expire', 'SYSTEM', interval '15 minutes'))
  as s (version, from_status, to_status, action, actor_kind, after)
where h.status = 'EXPIRED'
order by 1, 2;
insert into payments.payments (payment_id, order_id, buyer_id, provider, method_token, provider_reference, status, amount_minor, currency,
                               version, created_at, updated_at)
select h.payment_id, h.order_id, h.buyer_id, 'sandbox', 'tok_ok', 'ref-' || h.n, 'SUCCEEDED', h.total_minor, 'USD', 2, h.at,
       h.at + interval '1 minute'
from bench_headers as h
where h.status <> 'EXPIRED'
order by h.n;
insert into payments.ledger_entries (seller_id, entry_id, transaction_id, order_id, account, amount_minor, currency, created_at)
select e.seller_id, pg_temp.id(h.at, 12 + e.no, h.n * 16 + e.part), h.payment_id, h.order_id, e.account, e.amount_minor, 'USD',
       h.at + interval '1 minute'
from bench_headers as h
join (select h.n, '00000000-0000-0000-0000-000000000000'::uuid as seller_id, 0 as no, 0 as part, 'PROVIDER_CLEARING' as account,
             h.total_minor as amount_minor
      from bench_headers as h
      union all
      select p.n, p.seller_id, a.no, (row_number() over (partition by p.n, a.no))::integer, a.account, a.amount_minor
      from bench_parts as p
      cross join lateral (values (1, 'SELLER_PAYABLE', p.commission_minor - p.subtotal_minor - 490),
                                 (2, 'COMMISSION_REVENUE', -p.commission_minor)) as a (no, account, amount_minor)) as e using (n)
where h.status <> 'EXPIRED'
order by h.n;

insert into inventory.reservations (reservation_id, account_id, is_order, seller_ids, status, expires_at, created_at, resolved_at)
select h.order_id, h.buyer_id, true, h.seller_ids, case h.status when 'EXPIRED' then 'EXPIRED' else 'CONFIRMED' end,
       h.at + interval '15 minutes', h.at, h.at + case h.status when 'EXPIRED' then interval '15 minutes' else interval '1 minute' end
from bench_headers as h
order by h.n;
insert into inventory.reservation_lines (seller_id, reservation_id, variant_id, quantity)
select l.seller_id, l.order_id, l.variant_id, l.quantity from bench_lines as l order by l.n;
insert into inventory.movements (seller_id, movement_id, variant_id, kind, quantity_delta, on_hand_after, created_at)
select o.seller_id, pg_temp.id(o.at, 15, o.offer_no), o.variant_id, 'SET', 100000000, 100000000, o.at from bench_offers as o;
insert into inventory.movements (seller_id, movement_id, variant_id, kind, quantity_delta, on_hand_after, reference_id, created_at)
select l.seller_id, pg_temp.id(l.at + interval '1 minute', 16, l.n * 2 + l.line_no), l.variant_id, 'SALE', -l.quantity,
       100000000 - sum(l.quantity) over (partition by l.offer_no order by l.n), l.order_id, l.at + interval '1 minute'
from bench_lines as l
where l.status <> 'EXPIRED'
order by l.n;
insert into inventory.stock_levels (seller_id, variant_id, on_hand, low_stock_threshold, is_low, change_no, updated_at)
select o.seller_id, o.variant_id, 100000000 - coalesce(s.units, 0), 5, false, 1 + coalesce(s.sales, 0), o.at
from bench_offers as o
left join (select l.offer_no, sum(l.quantity) as units, count(*) as sales from bench_lines as l where l.status <> 'EXPIRED' group by l.offer_no) as s
  using (offer_no);

-- The log, chained as the sequencer chains it. Transactions have numbers that no real one will have.
do $$
declare
  v_partition regclass;
begin
  for i in 0 .. (select 3 * s.orders / 1000000 + 1 from bench_size as s) loop
    perform events._ensure_partition(i * 1000000);
  end loop;
  for v_partition in select i.inhrelid from pg_inherits as i where i.inhparent = 'events.log'::regclass loop
    execute format('alter table %s owner to tradepost_owner', v_partition);  -- or nobody but a superuser could archive it
  end loop;
end
$$;
create temp table bench_hash (hash bytea not null) on commit drop;
create function pg_temp.chain(p_hash bytea, p_text text) returns bytea
language sql immutable as $$ select sha256(p_hash || convert_to(p_text, 'UTF8')) $$;
create aggregate pg_temp.chained(text) (sfunc = pg_temp.chain, stype = bytea, initcond = '');
with entries as (
  select row(row_number() over (order by h.n, e.position), e.type, e.aggregate_type, e.aggregate_id, e.version, h.buyer_id, null,
             e.audience, e.payload, h.at + e.after, (4611686018427387904 + h.n * 2 + (e.position > 1)::integer)::text::xid8, null)::events.log as entry
  from bench_headers as h
  join (select l.n, jsonb_agg(jsonb_build_object('lineNo', l.line_no, 'quantity', l.quantity, 'sellerId', l.seller_id,
                                                 'variantId', l.variant_id, 'unitPriceMinor', l.price_minor) order by l.line_no) as lines
        from bench_lines as l
        group by l.n) as l using (n)
  cross join lateral (
    select 1 as position, 'orders.order_placed' as type, 'order' as aggregate_type, h.order_id as aggregate_id, 1 as version,
           interval '0' as after, h.seller_ids || h.buyer_id as audience,
           jsonb_build_object('status', 'PENDING_PAYMENT', 'orderId', h.order_id, 'buyerId', h.buyer_id, 'sellerIds', h.seller_ids,
                              'currency', 'USD', 'subtotalMinor', h.subtotal_minor, 'discountMinor', 0, 'shippingMinor', h.shipping_minor,
                              'totalMinor', h.total_minor, 'paymentDueAt', h.at + interval '15 minutes', 'lines', l.lines) as payload
    union all
    select 2, 'payments.payment_succeeded', 'payment', h.payment_id, 2, interval '1 minute', array[h.buyer_id],
           jsonb_build_object('status', 'SUCCEEDED', 'orderId', h.order_id, 'paymentId', h.payment_id, 'provider', 'sandbox',
                              'currency', 'USD', 'amountMinor', h.total_minor, 'refundedMinor', 0)
    where h.status <> 'EXPIRED'
    union all
    select 3, 'orders.order_paid', 'order', h.order_id, 2, interval '1 minute', h.seller_ids || h.buyer_id,
           jsonb_build_object('status', 'PAID', 'fromStatus', 'PENDING_PAYMENT', 'orderId', h.order_id, 'buyerId', h.buyer_id,
                              'sellerIds', h.seller_ids, 'currency', 'USD', 'totalMinor', h.total_minor)
    where h.status <> 'EXPIRED'
    union all
    select 3, 'orders.order_expired', 'order', h.order_id, 2, interval '15 minutes', h.seller_ids || h.buyer_id,
           jsonb_build_object('status', 'EXPIRED', 'fromStatus', 'PENDING_PAYMENT', 'orderId', h.order_id, 'buyerId', h.buyer_id,
                              'sellerIds', h.seller_ids, 'currency', 'USD', 'totalMinor', h.total_minor)
    where h.status = 'EXPIRED') as e
)
insert into events.log (seq, type, aggregate_type, aggregate_id, aggregate_version, actor_id, request_id, audience, payload, occurred_at,
                        transaction_id, hash)
select (e.entry).seq, (e.entry).type, (e.entry).aggregate_type, (e.entry).aggregate_id, (e.entry).aggregate_version, (e.entry).actor_id,
       (e.entry).request_id, (e.entry).audience, (e.entry).payload, (e.entry).occurred_at, (e.entry).transaction_id,
       pg_temp.chained(events._canonical(e.entry)) over (order by (e.entry).seq)
from entries as e;
update events.head as h set seq = l.seq, hash = l.hash, updated_at = core.now()
from (select l.seq, l.hash from events.log as l order by l.seq desc limit 1) as l
where h.is_singleton;
update events.consumers as c set seq = h.seq from events.head as h;

do $$
declare
  v_definition text;
begin
  for v_definition in select b.definition from bench_indexes as b loop
    execute v_definition;
  end loop;
end
$$;

select format('%s.%s', t.schemaname, t.relname) as "table", t.n_tup_ins as rows
from pg_stat_xact_user_tables as t
where t.n_tup_ins > 0 and t.schemaname !~ '^pg_temp'
union all
select 'all', sum(t.n_tup_ins) from pg_stat_xact_user_tables as t where t.schemaname !~ '^pg_temp'
union all
select 'rows per second', round(sum(t.n_tup_ins) / extract(epoch from clock_timestamp() - now())) from pg_stat_xact_user_tables as t
where t.schemaname !~ '^pg_temp'
order by 2, 1;
