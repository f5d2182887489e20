begin;
select plan(63);

create function pg_temp.make(p_request jsonb, p_id uuid default test.kept('p'), p_user uuid default test.seller('sam')) returns setof catalog.variant language sql as $$
  select * from catalog.create_variants(test.ctx(p_user), p_id, p_request);
$$;
create function pg_temp.bulk(p_axes jsonb, p_more jsonb default '{}', p_id uuid default test.kept('p')) returns setof catalog.variant language sql as $$
  select * from pg_temp.make(jsonb_build_object('axes', p_axes, 'skuPrefix', 'TS', 'price', '{"amountMinor": 1000, "currency": "USD"}'::jsonb) || p_more, p_id);
$$;
create function pg_temp.one(p_more jsonb, p_id uuid default test.kept('p')) returns setof catalog.variant language sql as $$
  select * from pg_temp.make('{"sku": "ONE", "price": {"amountMinor": 1000, "currency": "USD"}}' || p_more, p_id);
$$;
select test.keep('p', test.draft(test.seller('sam')));
select test.keep('q', test.draft(test.seller('sam')));
-- all combinations at once
select results_eq(
  $$ select axis_values, position, offers #>> '{0,sku}', offers #>> '{0,price,amountMinor}'
       from pg_temp.bulk('{"size": ["S", "M"], "color": ["blue", "red"]}',
                         '{"overrides": [{"axisValues": {"size": "M", "color": "red"}, "price": {"amountMinor": 1500, "currency": "USD"}},
                                         {"axisValues": {"size": "S", "color": "red"}, "sku": "SPECIAL"}]}') $$,
  $$ values ('{"size": "S", "color": "blue"}'::jsonb, 0, 'TS-BLUE-S', '1000'), ('{"size": "M", "color": "blue"}', 1, 'TS-BLUE-M', '1000'),
            ('{"size": "S", "color": "red"}', 2, 'SPECIAL', '1000'), ('{"size": "M", "color": "red"}', 3, 'TS-RED-M', '1500') $$,
  'all combinations, in the order of axes and options, with the overrides');
select results_eq($$ select price_from_minor, price_to_minor, currency, version from catalog.products where product_id = test.kept('p') $$,
  $$ values (1000::bigint, 1500::bigint, 'USD'::bpchar, 2) $$, 'the product has the range of prices, and a new version');
select is((select jsonb_array_length(payload -> 'variantIds') from events.staging where aggregate_id = test.kept('p') and type = 'catalog.variants_created'), 4, 'one event names all');
-- more of them later, one by one
select is((select position from pg_temp.one('{"axisValues": {"size": "L", "color": "red"}}')), 4, 'one more at the end');
select is((select count(*) from pg_temp.bulk('{"size": ["S", "M", "L"], "color": ["green"]}')), 3::bigint, 'further combinations');
-- refused: what exists
select throws_ok($$ select pg_temp.one('{"sku": "TWO", "axisValues": {"size": "S", "color": "red"}}') $$, 'MK409', 'catalog.variant_exists', 'a combination that exists');
select throws_ok($$ select pg_temp.bulk('{"size": ["L"], "color": ["blue", "red"]}', '{"skuPrefix": "NEW"}') $$, 'MK409', 'catalog.variant_exists', 'one of several exists: none is made');
select is((select count(*) from catalog.variants where product_id = test.kept('p')), 8::bigint, 'all or none');
select throws_ok($$ select pg_temp.one('{}', test.kept('q')) $$, 'MK409', 'catalog.sku_taken', 'a SKU of the store''s other product');
select throws_ok($$ select pg_temp.one('{"sku": "THREE"}') $$, 'MK422', 'catalog.axes_mismatch', 'no axes where there are some');
select throws_ok($$ select pg_temp.one('{"sku": "THREE", "axisValues": {"size": "L"}}') $$, 'MK422', 'catalog.axes_mismatch', 'other axes');
select lives_ok($$ select pg_temp.one('{"sku": "PLAIN"}', test.kept('q')) $$, 'a product without axes has one variant');
select throws_ok($$ select pg_temp.one('{"sku": "PLAIN-2"}', test.kept('q')) $$, 'MK409', 'catalog.variant_exists', 'and only one');
select test.keep('r', test.draft(test.seller('sam')));
select throws_ok($$ select pg_temp.bulk('{"size": ["S", "M"]}', '{"overrides": [{"axisValues": {"size": "S"}, "price": {"amountMinor": 5, "currency": "EUR"}}]}', test.kept('r')) $$,
  'MK422', 'catalog.currency_mismatch', 'two currencies at once');
select throws_ok($$ select pg_temp.one('{"sku": "E", "price": {"amountMinor": 5, "currency": "EUR"}, "axisValues": {"size": "L", "color": "blue"}}') $$, 'MK422', 'catalog.currency_mismatch', 'a second currency');
select throws_ok($$ select pg_temp.bulk('{"size": ["S", "M"]}', '{"overrides": [{"axisValues": {"size": "S"}, "sku": "TS-M"}]}', test.kept('r')) $$, 'MK409', 'catalog.sku_taken', 'a SKU twice in the request');
-- refused: the request
select throws_ok(format('select pg_temp.one(%L, test.kept(%L))', v.more, 'r'), 'MK422', 'catalog.' || v.code, v.code || ' ' || v.more)
  from (values
    ('{"sku": ""}', 'sku_invalid'), ('{"sku": "-x"}', 'sku_invalid'), (jsonb_build_object('sku', repeat('x', 65))::text, 'sku_invalid'),
    ('{"price": {"amountMinor": 0, "currency": "USD"}}', 'price_invalid'), ('{"price": {"amountMinor": 100000000001, "currency": "USD"}}', 'price_invalid'),
    ('{"price": {"amountMinor": 1.5, "currency": "USD"}}', 'price_invalid'), ('{"price": {"amountMinor": -5, "currency": "USD"}}', 'price_invalid'),
    ('{"price": {"amountMinor": "5", "currency": "USD"}}', 'price_invalid'), ('{"price": null}', 'price_invalid'),
    ('{"price": {"amountMinor": 5, "currency": "XXX"}}', 'currency_unknown'), ('{"price": {"amountMinor": 5}}', 'currency_unknown'),
    ('{"axisValues": []}', 'axis_values_invalid'), ('{"axisValues": {"weight": "5"}}', 'axis_unknown'), ('{"axisValues": {"shoe": "5"}}', 'axis_unknown'),
    ('{"axisValues": {"size": "XXL"}}', 'axis_value_unknown'), ('{"axisValues": {"size": ["S"]}}', 'axis_value_unknown'),
    ('{"sku": null}', 'variants_request_invalid'), ('{"axes": {"size": ["S"]}}', 'variants_request_invalid'), ('{"skuPrefix": "A"}', 'variants_request_invalid'),
    ('{"overrides": []}', 'variants_request_invalid')) as v (more, code);
select throws_ok(format('select pg_temp.bulk(%L, %L, test.kept(%L))', v.axes, v.more, 'r'), 'MK422', 'catalog.' || v.code, v.code || ' ' || v.axes || v.more)
  from (values
    ('{}', '{}', 'axes_invalid'), ('[]', '{}', 'axes_invalid'), ('{"size": []}', '{}', 'axes_invalid'), ('{"size": "S"}', '{}', 'axes_invalid'),
    ('{"shoe": ["S"]}', '{}', 'axis_unknown'), ('{"tags": ["new"]}', '{}', 'axis_unknown'), ('{"size": ["S", "XXL"]}', '{}', 'axis_value_unknown'),
    ('{"size": ["S", "S"]}', '{}', 'axis_value_repeated'), ('{"size": ["S"]}', '{"skuPrefix": null}', 'variants_request_invalid'),
    ('{"size": ["S"]}', '{"skuPrefix": "bad prefix"}', 'sku_invalid'), ('{"size": ["S"]}', '{"axisValues": {"size": "S"}}', 'variants_request_invalid'),
    ('{"size": ["S"]}', '{"overrides": [{"axisValues": {"size": "M"}}]}', 'override_unknown'),
    ('{"size": ["S"]}', '{"overrides": [{"axisValues": {"size": "S"}}, {"axisValues": {"size": "S"}}]}', 'override_unknown'),
    ('{"size": ["S"]}', '{"overrides": [{"axisValues": {"size": "S", "color": "red"}}]}', 'override_unknown'),
    ('{"size": ["S"]}', '{"overrides": [{}]}', 'override_unknown'), ('{"size": ["S"]}', '{"overrides": {}}', 'override_unknown'),
    ('{"size": ["S"]}', '{"overrides": [{"axisValues": {"size": "S"}, "price": {"amountMinor": 0, "currency": "USD"}}]}', 'price_invalid')) as v (axes, more, code);
-- limits
update core.settings set value = 10 where name = 'catalog.variants_max';
select throws_ok($$ select pg_temp.bulk('{"size": ["S", "M", "L"], "color": ["red", "blue", "green"]}', '{"skuPrefix": "X"}') $$, 'MK422', 'catalog.too_many_variants', 'with those it has they are too many');
update core.settings set value = 8 where name = 'catalog.variants_max';
select throws_ok($$ select pg_temp.bulk('{"size": ["S", "M", "L"], "color": ["red", "blue", "green"]}', '{}', test.kept('r')) $$, 'MK422', 'catalog.too_many_variants', 'nine are more than eight');
select throws_ok($$ select pg_temp.bulk(jsonb_build_object('size', (select jsonb_agg(i) from generate_series(1, 9) as i)), '{}', test.kept('r')) $$, 'MK422', 'catalog.too_many_variants', 'they are counted before they are looked at, let alone multiplied');
update core.settings set value = 9 where name = 'catalog.variants_max';
select lives_ok($$ select pg_temp.bulk('{"size": ["S", "M", "L"], "color": ["red", "blue", "green"]}', '{"skuPrefix": "NINE"}', test.kept('r')) $$, 'nine are nine');
-- a product before reviewers gets a new version, one on sale stays on sale
update core.settings set value = 250 where name = 'catalog.variants_max';
select test.keep('active', test.product(test.seller('sam'), 'ACTIVE'));
select catalog.archive_variant(test.ctx(test.seller('sam')), test.variant(test.seller('sam'), test.draft(test.seller('sam')), 'FREE'));
select lives_ok($$ select pg_temp.one('{"sku": "FREE", "axisValues": {"size": "L", "color": "blue"}}') $$, 'the SKU of an archived variant is free');
-- not yours
select throws_ok($$ select pg_temp.make('{"sku": "E", "price": {"amountMinor": 5, "currency": "USD"}}', test.kept('r'), test.seller('eve')) $$, 'MK404', 'catalog.product_not_found', 'another''s draft');
select throws_ok($$ select pg_temp.make('{"sku": "E", "price": {"amountMinor": 5, "currency": "USD"}}', test.kept('active'), test.seller('eve')) $$, 'MK403', 'catalog.not_your_product', 'another''s active product');
select throws_ok($$ select pg_temp.make('{}', test.kept('active'), test.buyer('ben')) $$, 'MK403', 'identity.role_required', 'a buyer may not');
select catalog.archive_product(test.ctx(test.seller('sam')), test.kept('active'));
select throws_ok($$ select pg_temp.one('{"sku": "LATE"}', test.kept('active')) $$, 'MK409', 'catalog.product_archived', 'an archived product gets none');
select is_empty($$ select * from catalog._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
