-- What prices were, and the lowest of 30 days: the worked examples of docs/pricing.md, "Prices".
begin;
select plan(31);
select test.keep('p', test.product(test.seller('sam'), 'ACTIVE'));
select test.keep('v', (select variant_id from catalog.variants where product_id = test.kept('p')));
select test.keep('s', test.seller_id(test.seller('sam')));
create temporary table day_0 as select core.now() as at;

create function pg_temp.day(p_day numeric) returns timestamptz language sql as $$ select at + p_day * interval '1 day' from day_0 $$;
-- Moves the clock to the middle of a day, and answers the day.
create function pg_temp.go(p_day numeric) returns numeric language plpgsql as $$
begin
  update core.clock set clock_offset = pg_temp.day(p_day) - statement_timestamp();
  return p_day;
end
$$;
create function pg_temp.set(p_price bigint, p_sale bigint default null, p_from numeric default null, p_until numeric default null, p_currency text default null) returns void language sql as $$
  select catalog.set_offer_prices(test.ctx(test.seller('sam')), test.kept('v'), test.kept('s'), (select version from catalog.offers where variant_id = test.kept('v')),
    jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('price', core._money(p_price, 'USD'), 'salePrice', case when p_sale is not null then core._money(p_sale, 'USD') end,
      'saleFrom', pg_temp.day(p_from), 'saleUntil', pg_temp.day(p_until))))
    || case when p_currency is null then '[]' else jsonb_build_array(jsonb_build_object('price', core._money(p_price, p_currency))) end)
$$;
-- 'price sale lowest' as everybody reads it.
create function pg_temp.seen() returns text language sql as $$
  select concat_ws(' ', o #>> '{price,amountMinor}', coalesce(o #>> '{salePrice,amountMinor}', '-'), coalesce(o #>> '{lowestPrice30Days,amountMinor}', '-'))
  from (select offers -> 0 as o from catalog.get_variant(test.ctx(), test.kept('v'), null)) as v
$$;
-- 'price[*]@from day' newest first, * = sale; days are rounded.
create function pg_temp.history(p_cursor text default null, p_limit integer default 100, p_currency text default null, p_user uuid default null) returns text[] language sql as $$
  select array_agg(h.price_minor || case when h.is_sale then '*' else '' end || '@' || round(extract(epoch from h.since - (select at from day_0)) / 86400)
                   || coalesce('-' || round(extract(epoch from h.until - (select at from day_0)) / 86400), '') order by h.since desc)
  from catalog.list_price_history(test.ctx(p_user), test.kept('v'), test.kept('s'), p_currency, p_cursor, p_limit) as h
$$;

-- one price
select is(pg_temp.history(), '{1000@0}', 'an offer begins its history');
select is(pg_temp.seen(), '1000 - 1000', 'and that is the lowest price');
-- changes by PUT /variants and by PUT /offers/../prices
do $$ begin perform pg_temp.go(10); end $$;
select results_eq($$ select offers #>> '{0,price,amountMinor}' from catalog.update_variant(test.ctx(test.seller('sam')), test.kept('v'), 1, 'V-1', 800, 'USD', null) $$, $$ values ('800') $$, 'day 10: 8.00, by the variant');
do $$ begin perform pg_temp.go(20); end $$;
select lives_ok('select pg_temp.set(900)', 'day 20: 9.00, by the prices');
select is(pg_temp.seen(), '900 - 800', 'the lowest was 8.00');
select is(pg_temp.history(), '{900@20,800@10-20,1000@0-10}', 'both are written down');
-- example 1: a sale from day 45 to day 50, decided on day 40
do $$ begin perform pg_temp.go(40); end $$;
select lives_ok('select pg_temp.set(900, 700, 45, 50)', 'day 40: a sale is decided');
select is(pg_temp.seen(), '900 - 800', 'which nobody sees');
select is(pg_temp.history(), '{900@40,900@20-40,800@10-20,1000@0-10}', 'nor in the history');
do $$ begin perform pg_temp.go(46); end $$;
select is(pg_temp.seen(), '900 700 800', 'day 46, example 1: on sale since day 45; days 15 to 45 had 8.00');
select is(pg_temp.history(), '{700*@45,900@40-45,900@20-40,800@10-20,1000@0-10}', 'nobody did anything, and it is history');
do $$ begin perform pg_temp.go(49); end $$;
select is(pg_temp.seen(), '900 700 800', 'day 49: the 30 days before the sale do not move while it runs');
select lives_ok('select pg_temp.set(900, 700, 45, 53)', 'the sale is made longer');
select is(pg_temp.seen(), '900 700 800', 'which begins no new one, example 2');
select lives_ok('select pg_temp.set(900, 600, 45, 53)', 'it is lowered further');
select is(pg_temp.seen(), '900 600 700', 'which does: compared with what it was before, example 3');
do $$ begin perform pg_temp.go(60); end $$;
select is(pg_temp.seen(), '900 - 600', 'day 60, example 4: the sale is over; in 30 days it was 6.00');
select is(pg_temp.history(), '{900@53,600*@49-53,700*@49-49,700*@45-49,900@40-45,900@20-40,800@10-20,1000@0-10}', 'with its end');
do $$ begin perform pg_temp.go(84); end $$;
select is(pg_temp.seen(), '900 - 900', 'day 84, example 5: more than 30 days later nobody asks');
select lives_ok('select pg_temp.set(900, 850, 83, 90)', 'a sale that says it began yesterday');
select is(pg_temp.seen(), '900 850 900', 'began today: history is not written backwards');
-- paging
select is(pg_temp.history(null, 2), '{850*@84,900@53-84,600*@49-53}', 'a page and one row more');
select is(pg_temp.history((select h.page_cursor from catalog.list_price_history(test.ctx(), test.kept('v'), test.kept('s'), null, null, 2) as h order by h.since desc offset 1 limit 1), 3),
          '{600*@49-53,700*@49-49,700*@45-49,900@40-45}', 'the cursor goes on where the page ended');
-- currencies
select lives_ok($$ select pg_temp.set(500, p_currency => 'EUR') $$, 'a price in EUR');
select is(pg_temp.history(p_currency => 'EUR'), '{500@84}', 'has a history of its own');
select throws_ok($$ select pg_temp.history(p_currency => 'XXX') $$, 'MK422', 'catalog.currency_unknown', 'a currency that is none');
-- by hand, and for ever
update catalog.offers set price_minor = 450 where variant_id = test.kept('v');
select product_id from catalog._refresh_price_range(test.kept('p'), 1);
select is((pg_temp.history())[1], '450@84', 'a change by hand is written down too');
select throws_ok('delete from catalog.price_history', 'MK409', 'catalog.price_history_immutable', 'and stays');
select throws_ok($$ select * from catalog.list_price_history(test.ctx(), test.kept('v'), core.new_id(), null, null, 10) $$, 'MK404', 'catalog.offer_not_found', 'no such offer');
select catalog.deactivate_product(test.ctx(test.seller('sam')), test.kept('p'));
select throws_ok($$ select pg_temp.history(p_user => test.buyer('ben')) $$, 'MK404', 'catalog.offer_not_found', 'one that is not seen');
select is_empty('select * from core.check_invariants()', 'nothing is broken');

select * from finish();
rollback;
