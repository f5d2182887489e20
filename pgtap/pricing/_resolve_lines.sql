-- Which offer a line gets and what its buyer pays for a unit: docs/pricing.md, "Prices".
begin;
select plan(31);
-- One moment for all statements, so that the ends of windows are met exactly.
create temporary table moment as select core.now() as at;
create function pg_temp.t0() returns timestamptz language sql as $$ select at from moment $$;
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.seller_id(test.seller('sam')) as sam, test.seller_id(test.seller('sue')) as sue;
alter table f add lamp uuid, add euro uuid;
update f set lamp = test.offer(sam, 1000, 50), euro = test.offer(sue, 700, 50, 'EUR');

-- 'seller price kind/minQuantity' of one line.
create function pg_temp.price(p_quantity integer default 1, p_buyer text default null, p_currency text default 'USD', p_seller uuid default null, p_variant uuid default null, p_at timestamptz default pg_temp.t0())
returns text language sql as $$
  select coalesce(l.problem_code,
           concat_ws(' ', case when l.seller_id = f.sam then 'sam' else 'sue' end, l.unit_price_minor,
                     (l.price_source ->> 'kind') || '/' || (l.price_source ->> 'minQuantity')))
  from f, pricing._resolve_lines(array[row(1, 1, coalesce(p_variant, f.lamp), p_seller, p_quantity, p_currency,
            case p_buyer when 'ana' then f.ana when 'ben' then f.ben end)::pricing.wanted_line], p_at) as l
$$;
create function pg_temp.own(p_currency text, p_min integer, p_price bigint, p_sale bigint default null, p_from timestamptz default null, p_until timestamptz default null, p_seller uuid default null)
returns void language sql as $$
  insert into catalog.offer_prices (seller_id, variant_id, currency, min_quantity, price_minor, sale_minor, sale_from, sale_until)
  select coalesce(p_seller, f.sam), f.lamp, p_currency, p_min, p_price, p_sale, p_from, p_until from f
$$;
create function pg_temp.list(p_name text, p_group text, p_priority integer, p_price bigint, p_min integer default 1, p_from timestamptz default pg_temp.t0(), p_until timestamptz default null, p_is_active boolean default true)
returns void language sql as $$
  with l as (
    insert into pricing.price_lists (price_list_id, name, group_code, priority, is_active, starts_at, ends_at, created_at, updated_at)
    values (core.new_id(), p_name, p_group, p_priority, p_is_active, p_from, p_until, pg_temp.t0(), pg_temp.t0()) returning price_list_id)
  insert into pricing.list_prices (seller_id, price_list_id, variant_id, currency, min_quantity, price_minor)
  select f.sam, l.price_list_id, f.lamp, 'USD', p_min, p_price from f, l
$$;

-- the base price is the last resort
select is(pg_temp.price(), 'sam 1000', 'the base price');
select is(pg_temp.price(p_currency => 'EUR'), 'pricing.currency_mismatch', 'in its own currency alone');
select is((select l.problem_detail from f, pricing._resolve_lines(array[row(1, 1, f.lamp, null, 1, 'EUR', null)::pricing.wanted_line], pg_temp.t0()) as l),
          (select format('Variant %s is sold in USD, not in EUR.', lamp) from f), 'and that is said');
select is(pg_temp.price(p_variant => (select sam from f)), 'pricing.variant_unavailable', 'an unknown variant');
select is(pg_temp.price(p_seller => (select sue from f)), 'pricing.variant_unavailable', 'a seller who does not offer it');

-- currencies
select pg_temp.own('EUR', 1, 900);
select is(pg_temp.price(p_currency => 'EUR'), 'sam 900', 'a price in another currency is a price, example 1');
select is(pg_temp.price(), 'sam 1000', 'and of no concern to the first');

-- quantity breaks
select pg_temp.own('USD', 5, 950), pg_temp.own('USD', 10, 900);
select is(pg_temp.price(4), 'sam 1000', 'a break that is not reached');
select is(pg_temp.price(5), 'sam 950 BREAK/5', 'a break is reached with its quantity');
select is(pg_temp.price(9), 'sam 950 BREAK/5', 'and holds up to the next');
select is(pg_temp.price(10), 'sam 900 BREAK/10', 'the greatest one that is reached, example 2');
select is(pg_temp.price(10, p_currency => 'EUR'), 'sam 900', 'breaks are per currency');

-- sales
select pg_temp.own('USD', 1, null, 800, pg_temp.t0() - interval '1 hour', pg_temp.t0() + interval '1 hour');
select is(pg_temp.price(), 'sam 800 SALE/1', 'a running sale');
select is(pg_temp.price(p_at => pg_temp.t0() + interval '1 hour'), 'sam 1000', 'is over at its end');
select is(pg_temp.price(p_at => pg_temp.t0() - interval '1 hour'), 'sam 800 SALE/1', 'begins at its begin');
select is(pg_temp.price(p_at => pg_temp.t0() - interval '61 minutes'), 'sam 1000', 'and not before');
select is(pg_temp.price(10), 'sam 800 SALE/1', 'who buys more does not pay more for a unit: the sale undercuts the break, example 3');
update catalog.offers as o set price_minor = 750 from f where o.variant_id = f.lamp;
select is(pg_temp.price(10), 'sam 750', 'nor does a sale or a break ever raise a base price that fell below it');
update catalog.offers as o set price_minor = 1000 from f where o.variant_id = f.lamp;

-- price lists
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) select c, c, pg_temp.t0(), pg_temp.t0() from unnest('{vip,staff}'::text[]) as c;
insert into pricing.buyer_group_members (buyer_id, group_code, added_at) select f.ana, c, pg_temp.t0() from f, unnest('{vip,staff}'::text[]) as c;
select pg_temp.list('VIP', 'vip', 0, 850);
select is(pg_temp.price(1, 'ana'), 'sam 850 LIST/1', 'a list of the buyer''s group goes before the offer''s own prices, cheaper or not, example 4');
select is(pg_temp.price(1, 'ben'), 'sam 800 SALE/1', 'it is not for others');
select is(pg_temp.price(1), 'sam 800 SALE/1', 'nor for nobody');
select pg_temp.list('VIP again', 'vip', 0, 700);
select is(pg_temp.price(1, 'ana'), 'sam 850 LIST/1', 'of two lists of one priority the older one wins');
select pg_temp.list('Staff', 'staff', 1, 870), pg_temp.list('Staff, many', 'staff', 2, 600, 20);
select is(pg_temp.price(1, 'ana'), 'sam 870 LIST/1', 'greater priority wins, dearer or not');
select is(pg_temp.price(20, 'ana'), 'sam 600 LIST/20', 'a list without a price for the quantity is passed over, example 5');
select is(pg_temp.price(1, 'ana', 'EUR'), 'sam 900', 'and one without a price in the currency');
select pg_temp.list('Past', 'staff', 9, 1, 1, pg_temp.t0() - interval '2 hours', pg_temp.t0()),
       pg_temp.list('Future', 'staff', 9, 1, 1, pg_temp.t0() + interval '1 second'), pg_temp.list('Off', 'staff', 9, 1, p_is_active => false);
select is(pg_temp.price(1, 'ana'), 'sam 870 LIST/1', 'lists count inside their window, and while they are active');

-- among sellers
insert into catalog.offers (seller_id, variant_id, sku, price_minor, currency, created_at, updated_at) select sue, lamp, 'S', 860, 'USD', pg_temp.t0(), pg_temp.t0() from f;
select is(pg_temp.price(1, 'ana'), 'sue 860', 'without a seller the offer that is cheapest for this buyer');
select is(pg_temp.price(1, 'ben'), 'sam 800 SALE/1', 'and for that one');
select is(pg_temp.price(1, 'ana', p_seller => (select sam from f)), 'sam 870 LIST/1', 'with a seller that one''s');
update catalog.offers as o set price_minor = 800 from f where o.seller_id = f.sue and o.variant_id = f.lamp;
select is(pg_temp.price(1, 'ben'), (select case when sam < sue then 'sam 800 SALE/1' else 'sue 800' end from f), 'ties: the smaller seller id');

-- many at once answer as one by one, in their order
select results_eq(
  $$ select l.line_no, l.unit_price_minor from f, pricing._resolve_lines(array[
       row(1, 1, f.lamp, f.sam, 1, 'USD', f.ana), row(1, 2, f.lamp, f.sam, 20, 'USD', f.ana), row(2, 1, f.lamp, f.sam, 5, 'USD', f.ben),
       row(2, 2, f.euro, null, 1, 'EUR', f.ben), row(3, 1, f.lamp, f.sam, 1, 'EUR', null)]::pricing.wanted_line[], pg_temp.t0()) as l $$,
  $$ values (1, 870::bigint), (2, 600), (1, 800), (2, 700), (1, 900) $$, 'each line by its own buyer, quantity and currency');

select * from finish();
rollback;
