-- What lists and reads of the catalogue touch in a large set: the rows they show and some more, never a table from end to end.
begin;
select plan(31);
set local session_replication_role = replica;  -- 5,000 products at once, without their way through review
create function pg_temp.id(p_kind integer, p_n bigint) returns uuid language sql immutable as $$
  select (lpad(to_hex(1750000000000 + p_n), 12, '0') || '7' || lpad(to_hex(p_kind), 3, '0') || '8' || lpad(to_hex(p_n), 15, '0'))::uuid
$$;
insert into identity.sellers (seller_id, store_name, slug, created_at, updated_at)
select pg_temp.id(1, n), 'Store ' || n, 'plan-store-' || n, core.now(), core.now() from generate_series(1, 20) as n;
-- category 1 with 2 to 5 below it holds the oldest products only, category 6 most of all
insert into catalog.categories (category_id, parent_id, path, name, slug, created_at, updated_at)
select pg_temp.id(2, n), case when n between 2 and 5 then pg_temp.id(2, 1) end,
       case when n between 2 and 5 then array[pg_temp.id(2, 1), pg_temp.id(2, n)] else array[pg_temp.id(2, n)] end,
       'Category ' || n, 'plan-category-' || n, core.now(), core.now() from generate_series(1, 6) as n;
insert into catalog.products (product_id, seller_id, category_id, title, slug, description, status, version, price_from_minor, price_to_minor,
                              currency, created_at, updated_at)
select pg_temp.id(3, n), pg_temp.id(1, case when n % 3 = 0 then 1 else n % 20 + 1 end),
       pg_temp.id(2, case when n <= 400 then n % 4 + 2 else 6 end),
       'Plan ' || lpad((n * 7919 % 5003)::text, 5, '0'), 'plan-product-' || n, repeat('What somebody may want to buy. ', 12),
       case when n % 25 = 0 then 'DRAFT' else 'ACTIVE' end, 4, 1000 + n * 7919 % 5003, 1000 + n * 7919 % 5003, 'USD', core.now(), core.now()
  from generate_series(1, 5000) as n;
insert into catalog.variants (variant_id, product_id, created_at, updated_at)
select pg_temp.id(4, n), pg_temp.id(3, n), core.now(), core.now() from generate_series(1, 5000) as n;
insert into catalog.offers (seller_id, variant_id, sku, price_minor, currency, created_at, updated_at)
select p.seller_id, pg_temp.id(4, n), 'PLAN-' || n, p.price_from_minor, 'USD', core.now(), core.now()
  from generate_series(1, 5000) as n join catalog.products as p on p.product_id = pg_temp.id(3, n);
insert into catalog.price_history (seller_id, variant_id, currency, valid_from, change_no, price_minor)
select o.seller_id, o.variant_id, 'USD', core.now() - interval '40 days', 1, o.price_minor from catalog.offers as o;
set local session_replication_role = origin;
analyze catalog.products, catalog.variants, catalog.offers, catalog.price_history, catalog.categories, identity.sellers;

-- how many rows of the large tables, and how many whole tables, the queries of this transaction have read so far
create function pg_temp.touched() returns bigint[] language sql volatile as $$
  select array[sum(coalesce(s.idx_tup_fetch, 0)), sum(s.seq_scan)]::bigint[]
    from pg_stat_xact_user_tables as s
   where s.schemaname = 'catalog' and s.relname in ('products', 'variants', 'offers', 'offer_prices', 'price_history')
$$;
create function pg_temp.is_narrow(p_query text, p_rows_max bigint, p_name text) returns setof text language plpgsql as $$
declare
  v_before bigint[];
  v_after bigint[];
  v_rows bigint;
begin
  v_before := pg_temp.touched();
  execute 'select count(*) from ' || p_query into v_rows;
  v_after := pg_temp.touched();
  return next cmp_ok(v_rows, '>', 0::bigint, p_name || ' finds something');
  return next ok(v_after[2] = v_before[2] and v_after[1] - v_before[1] <= p_rows_max,
                 format('%s: %s rows read, %s whole tables', p_name, v_after[1] - v_before[1], v_after[2] - v_before[2]));
end
$$;
create function pg_temp.list(p_category integer, p_seller integer, p_sort text) returns text language sql as $$
  select format('catalog.list_products(test.ctx(), %L, %L, false, null, null, null, %L, null, %L, null, 20)', pg_temp.id(2, p_category),
                pg_temp.id(1, p_seller), case when p_sort like 'price%' then 'USD' end, p_sort)
$$;

select pg_temp.is_narrow(pg_temp.list(null, null, s), 100, s) from unnest(array['newest', 'oldest', 'title', 'price_asc', 'price_desc']) as s;
select pg_temp.is_narrow(pg_temp.list(6, null, s), 100, 'a large category, ' || s) from unnest(array['newest', 'title', 'price_desc']) as s;
select pg_temp.is_narrow(pg_temp.list(1, null, s), 500, 'what is below a category, ' || s) from unnest(array['newest', 'title', 'price_asc']) as s;
select pg_temp.is_narrow(pg_temp.list(null, 1, s), 100, 'a large store, ' || s) from unnest(array['newest', 'title']) as s;
select pg_temp.is_narrow(format('catalog.get_product(test.ctx(), %L, null)', pg_temp.id(3, 777)), 20, 'a product');
select pg_temp.is_narrow('catalog.get_product_by_slug(test.ctx(), ''plan-product-777'', null)', 20, 'a slug');
-- the second page of what is below a category goes on where the first one ended, whatever the order
select is((select array_agg(p.product_id order by p.n) filter (where p.n <= 20) || (
             select array_agg(q.product_id)
               from catalog.list_products(test.ctx(), pg_temp.id(2, 1), null, false, null, null, null, 'USD', null, 'price_desc',
                                          max(p.page_cursor) filter (where p.n = 20), 20) as q)
             from (select l.*, row_number() over () as n
                     from catalog.list_products(test.ctx(), pg_temp.id(2, 1), null, false, null, null, null, 'USD', null, 'price_desc', null, 20) as l) as p),
          array(select p.product_id from catalog.products as p
                 where p.category_id in (pg_temp.id(2, 2), pg_temp.id(2, 3), pg_temp.id(2, 4), pg_temp.id(2, 5)) and p.status = 'ACTIVE'
                 order by p.price_from_minor desc, p.product_id desc limit 41), 'pages of what is below a category');

select * from finish();
rollback;
