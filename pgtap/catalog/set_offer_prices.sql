-- Prices of an offer: who may set them, which sets are refused, what everybody then sees. docs/pricing.md, "Prices".
begin;
select plan(52);
select test.keep('p', test.product(test.seller('sam'), 'ACTIVE'));
select test.keep('v', (select variant_id from catalog.variants where product_id = test.kept('p')));
select test.keep('s', test.seller_id(test.seller('sam')));

-- '[[minor, currency, minQuantity?, saleMinor?, from?, until?], ...]' in hours from now
create function pg_temp.doc(p_short jsonb) returns jsonb language sql as $$
  select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'price', core._money((e ->> 0)::bigint, e ->> 1), 'minQuantity', e -> 2,
           'salePrice', case when e ->> 3 is not null then core._money((e ->> 3)::bigint, e ->> 1) end,
           'saleFrom', core.now() + make_interval(hours => (e ->> 4)::integer),
           'saleUntil', core.now() + make_interval(hours => (e ->> 5)::integer))))
  from jsonb_array_elements(p_short) as e
$$;
create function pg_temp.put(p_short jsonb, p_user uuid default test.seller('sam'), p_version integer default null, p_variant uuid default test.kept('v'))
returns setof catalog.offer_price_set language sql as $$
  select * from catalog.set_offer_prices(test.ctx(p_user), p_variant, test.kept('s'),
    coalesce(p_version, (select version from catalog.offers where variant_id = test.kept('v'))), pg_temp.doc(p_short))
$$;
create function pg_temp.seen(p_currency text default null) returns jsonb language sql as $$
  select offers -> 0 from catalog.get_variant(test.ctx(), test.kept('v'), p_currency)
$$;

-- allowed: the whole set, at once
select is((select prices from catalog.get_offer_prices(test.ctx(test.seller('sam')), test.kept('v'), test.kept('s'))),
  '[{"minQuantity": 1, "price": {"amountMinor": 1000, "currency": "USD"}, "salePrice": null, "saleFrom": null, "saleUntil": null}]', 'an offer begins with its base price');
select results_eq($$ select version, jsonb_array_length(prices) from pg_temp.put('[[900, "EUR"], [1200, "USD"], [1100, "USD", 10, 900, -1, 1], [1150, "USD", 5]]') $$, $$ values (2, 4) $$, 'currencies, breaks and a sale');
select is((select array_agg(concat_ws(' ', x #>> '{price,currency}', x ->> 'minQuantity', x #>> '{price,amountMinor}', x #>> '{salePrice,amountMinor}') order by n)
           from catalog.get_offer_prices(test.ctx(test.admin()), test.kept('v'), test.kept('s')) as s, jsonb_array_elements(s.prices) with ordinality as e (x, n)),
  '{USD 1 1200,USD 5 1150,USD 10 1100 900,EUR 1 900}', 'the base price first, then by currency and quantity');
select results_eq($$ select price_minor, version from catalog.offers where variant_id = test.kept('v') $$, $$ values (1200::bigint, 2) $$, 'the base price is the offer''s');
select is((select count(*) from catalog.offer_prices where variant_id = test.kept('v')), 3::bigint, 'and stands there once');
select is((select price_from_minor from catalog.products where product_id = test.kept('p')), 1200::bigint, 'lists filter by it');
select is((select version from catalog.variants where variant_id = test.kept('v')), 2, 'who read the variant before does not overwrite it');
select results_eq($$ select payload #>> '{prices,0,priceMinor}', payload #>> '{prices,2,saleMinor}', payload ->> 'version' from events.staging where type = 'catalog.offer_prices_changed' $$,
  $$ values ('1200', '900', (select version::text from catalog.products where product_id = test.kept('p'))) $$, 'an event tells the prices');
select is(pg_temp.seen() - '{sellerId,sku,version}'::text[], '{"price": {"amountMinor": 1200, "currency": "USD"}, "salePrice": null, "saleUntil": null, "lowestPrice30Days": {"amountMinor": 1000, "currency": "USD"},
  "quantityBreaks": [{"minQuantity": 5, "price": {"amountMinor": 1150, "currency": "USD"}}, {"minQuantity": 10, "price": {"amountMinor": 900, "currency": "USD"}}], "currencies": ["USD", "EUR"]}'::jsonb, 'everybody sees what they pay');
select is(pg_temp.seen('EUR') - '{sellerId,sku,version}'::text[], '{"price": {"amountMinor": 900, "currency": "EUR"}, "salePrice": null, "saleUntil": null, "lowestPrice30Days": {"amountMinor": 900, "currency": "EUR"},
  "quantityBreaks": [], "currencies": ["USD", "EUR"]}'::jsonb, 'also in another currency');
select is(pg_temp.seen('GBP'), null, 'and nothing where it is not sold');
select is((select variants #>> '{0,offers,0,price,currency}' from catalog.get_product(test.ctx(), test.kept('p'), 'EUR')), 'EUR', 'products speak it too');
select is((select offers #>> '{0,price,currency}' from catalog.list_variants(test.ctx(), test.kept('p'), 'EUR', null, 10)), 'EUR', 'and lists of variants');
select throws_ok($$ select * from catalog.get_product(test.ctx(), test.kept('p'), 'XXX') $$, 'MK422', 'catalog.currency_unknown', 'of a product');
select throws_ok($$ select * from catalog.list_variants(test.ctx(), test.kept('p'), 'XXX', null, 10) $$, 'MK422', 'catalog.currency_unknown', 'of variants');
select throws_ok($$ select pg_temp.seen('XXX') $$, 'MK422', 'catalog.currency_unknown', 'in a currency that is none');
create temporary table before as select (select version from catalog.products where product_id = test.kept('p')) as version, (select count(*) from events.staging) as events;
select is((select version from catalog.set_offer_prices(test.ctx(test.seller('sam')), test.kept('v'), test.kept('s'), 2,
             (select prices from catalog.get_offer_prices(test.ctx(test.seller('sam')), test.kept('v'), test.kept('s'))))), 2, 'what was read can be sent back, and nothing happens');
select results_eq('select version, events from before', 'select (select version from catalog.products where product_id = test.kept(''p'')), (select count(*) from events.staging)', 'no version, no event');
select is((select version from pg_temp.put('[[1200, "USD"]]', test.admin())), 3, 'an administrator may, and what is not sent goes');
select is((select count(*) from catalog.offer_prices where variant_id = test.kept('v')), 0::bigint, 'all of it');
select is((select count(*) from catalog.price_history where variant_id = test.kept('v') and currency = 'EUR' and price_minor is null), 1::bigint, 'the history tells that it is not sold in EUR any more');

-- sales
select lives_ok($$ select pg_temp.put('[[1200, "USD", 1, 700, -5, 5], [1000, "USD", 5], [600, "USD", 10]]') $$, 'a running sale');
select is(jsonb_build_array(pg_temp.seen() #> '{salePrice,amountMinor}', pg_temp.seen() ->> 'saleUntil' is not null, pg_temp.seen() #> '{quantityBreaks,0,minQuantity}', jsonb_array_length(pg_temp.seen() -> 'quantityBreaks')),
  '[700, true, 10, 1]', 'is seen with its end; a break that it undercuts is not');
select lives_ok($$ select pg_temp.put('[[1200, "USD", 1, 700, 5]]') $$, 'a sale to come, without an end');
select is(jsonb_build_array(pg_temp.seen() -> 'salePrice', pg_temp.seen() -> 'saleUntil'), '[null, null]', 'is nobody''s business yet');
select isnt((select prices #>> '{0,saleFrom}' from catalog.get_offer_prices(test.ctx(test.seller('sam')), test.kept('v'), test.kept('s'))), null, 'but its seller''s');
select lives_ok($$ select catalog.set_offer_prices(test.ctx(test.seller('sam')), test.kept('v'), test.kept('s'), (select version from catalog.offers where variant_id = test.kept('v')),
  '[{"price": {"amountMinor": 1200, "currency": "USD"}, "salePrice": {"amountMinor": 700, "currency": "USD"}}]') $$, 'without a window');
select is(jsonb_build_array(pg_temp.seen() #> '{salePrice,amountMinor}', pg_temp.seen() -> 'saleUntil'), '[700, null]', 'it is on from now on');

-- refused: contradictions, with the field
create function pg_temp.refusal(p_document jsonb) returns text language plpgsql as $$
declare v_column text;
begin
  perform catalog.set_offer_prices(test.ctx(test.seller('sam')), test.kept('v'), test.kept('s'), (select version from catalog.offers where variant_id = test.kept('v')), p_document);
  return 'accepted';
exception when others then
  get stacked diagnostics v_column = column_name;
  return concat_ws(' ', sqlerrm, v_column);
end
$$;
select is(pg_temp.refusal(d), r, w) from (values
  ('[]'::jsonb, 'catalog.offer_prices_invalid prices', 'no price'),
  ('{}', 'catalog.offer_prices_invalid prices', 'no list'),
  ((select jsonb_agg('{}'::jsonb) from generate_series(1, 101)), 'catalog.offer_prices_invalid prices', 'too many'),
  ('[{}]', 'catalog.price_invalid prices/0/price', 'no amount'),
  (pg_temp.doc('[[0, "USD"]]'), 'catalog.price_invalid prices/0/price/amountMinor', 'for nothing'),
  (pg_temp.doc('[[1, "USD"], [1, "XXX"]]'), 'catalog.currency_unknown prices/1/price/currency', 'an unknown currency'),
  (pg_temp.doc('[[1, "USD", 0]]'), 'catalog.offer_prices_invalid prices/0/minQuantity', 'from nothing on'),
  (pg_temp.doc('[[1, "USD", 1001]]'), 'catalog.offer_prices_invalid prices/0/minQuantity', 'from more than a line takes'),
  (pg_temp.doc('[[5, "USD"], [4, "USD"]]'), 'catalog.offer_prices_invalid prices/1/minQuantity', 'twice the same quantity'),
  (pg_temp.doc('[[5, "USD"], [4, "EUR", 2]]'), 'catalog.offer_prices_invalid prices/1/minQuantity', 'a currency without a price for one'),
  (pg_temp.doc('[[5, "EUR"]]'), 'catalog.offer_prices_invalid prices', 'no base price'),
  (pg_temp.doc('[[5, "USD"], [4, "USD", 3], [4, "USD", 6]]'), 'catalog.offer_prices_invalid prices/2/price/amountMinor', 'a break that is none'),
  (pg_temp.doc('[[5, "USD", 1, 5]]'), 'catalog.sale_invalid prices/0/salePrice/amountMinor', 'a sale that is none'),
  (pg_temp.doc('[[5, "USD", 1, null, 1]]'), 'catalog.sale_invalid prices/0/salePrice', 'a window without a sale'),
  (pg_temp.doc('[[5, "USD", 1, 4, 2, 2]]'), 'catalog.sale_invalid prices/0/saleUntil', 'a sale that ends as it begins'),
  ('[{"price": {"amountMinor": 5, "currency": "USD"}, "salePrice": {"amountMinor": 4, "currency": "EUR"}}]', 'catalog.sale_invalid prices/0/salePrice/currency', 'a sale in another currency')) as t (d, r, w);

-- refused: who, and when
select throws_ok($$ select pg_temp.put('[[1, "USD"]]', test.seller('eve')) $$, 'MK403', 'catalog.not_your_offer', 'another store''s offer');
select throws_ok($$ select pg_temp.put('[[1, "USD"]]', test.buyer('ben')) $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select pg_temp.put('[[1, "USD"]]', p_variant => core.new_id()) $$, 'MK404', 'catalog.offer_not_found', 'an unknown offer');
select throws_ok($$ select pg_temp.put('[[1, "USD"]]', p_version => 1) $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select * from catalog.set_offer_prices(test.ctx(test.seller('sam')), test.kept('v'), test.kept('s'), null, '[]') $$, 'MK428', 'core.if_match_required', 'no version');
select throws_ok($$ select * from catalog.update_variant(test.ctx(test.seller('sam')), test.kept('v'), (select version from catalog.variants where variant_id = test.kept('v')), 'V-1', 700, 'EUR', null) $$, 'MK409', 'catalog.offer_has_prices', 'the currency does not change beside other prices');
select catalog.deactivate_product(test.ctx(test.seller('sam')), test.kept('p')), catalog.archive_variant(test.ctx(test.seller('sam')), test.kept('v'));
select throws_ok($$ select pg_temp.put('[[1, "USD"]]') $$, 'MK409', 'catalog.offer_archived', 'an archived offer');
select is_empty('select * from core.check_invariants()', 'nothing is broken');

select * from finish();
rollback;
