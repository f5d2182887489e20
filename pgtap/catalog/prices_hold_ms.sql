-- Between two looks that many milliseconds apart, nothing that the price functions show changes by itself.
begin;
select plan(7);
select test.keep('p', test.product(test.seller('sam'), 'ACTIVE'));
select test.keep('v', (select variant_id from catalog.variants where product_id = test.kept('p')));
select test.keep('s', test.seller_id(test.seller('sam')));
create temporary table day_0 as select core.now() as at;

create function pg_temp.go(p_day numeric) returns void language plpgsql as $$
begin
  update core.clock set clock_offset = (select at + p_day * interval '1 day' from day_0) - statement_timestamp();
end
$$;
create function pg_temp.set(p_price bigint, p_sale bigint default null, p_from numeric default null, p_until numeric default null) returns void language sql as $$
  select catalog.set_offer_prices(test.ctx(test.seller('sam')), test.kept('v'), test.kept('s'), (select version from catalog.offers where variant_id = test.kept('v')),
    jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('price', core._money(p_price, 'USD'), 'salePrice', case when p_sale is not null then core._money(p_sale, 'USD') end,
      'saleFrom', (select at + p_from * interval '1 day' from day_0), 'saleUntil', (select at + p_until * interval '1 day' from day_0)))))
$$;
-- how many days the answer holds
create function pg_temp.days() returns numeric language sql as $$ select round(catalog.prices_hold_ms(test.kept('p')) / 86400000.0, 2) $$;

select pg_temp.go(1), pg_temp.set(900, 700, 3, 6);
select is(pg_temp.days(), 2.00, 'until a sale begins');
select pg_temp.go(4);
select is(pg_temp.days(), 2.00, 'until it ends');
select pg_temp.go(7);
select is(pg_temp.days(), 23.00, 'until the first price leaves the 30 days');
select pg_temp.go(35);
select is(pg_temp.days(), 1.00, 'until the end of the sale leaves them');
select pg_temp.go(37);
select is(pg_temp.days(), null, 'nothing is to come');
select pg_temp.set(900), pg_temp.go(60);
select is(pg_temp.days(), 7.00, 'what began at day 37 leaves at day 67');
select is(catalog.prices_hold_ms(core.new_id()), null, 'an unknown product');

select * from finish();
rollback;
