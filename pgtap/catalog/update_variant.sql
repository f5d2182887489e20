begin;
select plan(25);

create function pg_temp.change(p_id uuid default test.kept('v'), p_sku text default 'V-1', p_price bigint default 1000, p_currency text default 'USD', p_position integer default null,
                               p_version integer default null, p_user uuid default test.seller('sam')) returns setof catalog.variant language sql as $$
  select * from catalog.update_variant(test.ctx(p_user), p_id, coalesce(p_version, (select version from catalog.variants where variant_id = p_id)), p_sku, p_price, p_currency, p_position);
$$;
select test.keep('p', test.product(test.seller('sam'), 'ACTIVE'));
select test.keep('v', (select variant_id from catalog.variants where product_id = test.kept('p')));
-- allowed
select results_eq($$ select version, offers #>> '{0,sku}', offers #>> '{0,price,amountMinor}', offers #>> '{0,version}' from pg_temp.change(test.kept('v'), 'V-1', 700) $$,
  $$ values (2, 'V-1', '700', '2') $$, 'SKU and price');
select results_eq($$ select status, price_from_minor, price_to_minor, version from catalog.products where product_id = test.kept('p') $$,
  $$ values ('ACTIVE', 700::bigint, 700::bigint, 6) $$, 'the product stays on sale, with the new range and a new version');
select results_eq($$ select payload ->> 'priceMinor', payload ->> 'previousPriceMinor' from events.staging where type = 'catalog.offer_changed' $$, $$ values ('700', '1000') $$, 'an event tells the prices');
select is((select version from pg_temp.change(test.kept('v'), 'V-1', 700)), 2, 'nothing changed, nothing happens');
select is((select position from pg_temp.change(test.kept('v'), 'V-1', 700, 'USD', 7)), 7, 'another place');
select is((test.events_of(test.kept('p')))[7], 'catalog.variant_updated', 'is an event too');
select is((select offers #>> '{0,price,currency}' from pg_temp.change(test.kept('v'), 'V-1', 700, 'EUR')), 'EUR', 'the only variant may change the currency');
select is((select currency from catalog.products where product_id = test.kept('p')), 'EUR'::bpchar, 'and the product with it');
-- refused
select throws_ok($$ select pg_temp.change(test.kept('v'), 'V 1') $$, 'MK422', 'catalog.sku_invalid', 'no SKU');
select throws_ok($$ select pg_temp.change(test.kept('v'), 'V-1', 0) $$, 'MK422', 'catalog.price_invalid', 'for nothing');
select throws_ok($$ select pg_temp.change(test.kept('v'), 'V-1', 100000000001) $$, 'MK422', 'catalog.price_invalid', 'too dear');
select throws_ok($$ select pg_temp.change(test.kept('v'), 'V-1', 700, 'XXX') $$, 'MK422', 'catalog.currency_unknown', 'unknown currency');
select throws_ok($$ select pg_temp.change(test.kept('v'), 'V-1', 700, 'EUR', -1) $$, 'MK422', 'catalog.position_invalid', 'a negative place');
select throws_ok($$ select pg_temp.change(test.kept('v'), 'V-1', 700, 'EUR', 0, 1) $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select * from catalog.update_variant(test.ctx(test.seller('sam')), test.kept('v'), null, 'V', 1, 'EUR', 0) $$, 'MK428', 'core.if_match_required', 'no version');
select throws_ok($$ select pg_temp.change(core.new_id(), 'V-1', 700, 'EUR', 0, 1) $$, 'MK404', 'catalog.variant_not_found', 'an unknown variant');
select test.keep('d', test.draft(test.seller('sam')));
select test.keep('w', test.variant(test.seller('sam'), test.kept('d'), 'W-1', 500, '{"size": "S"}'));
select test.variant(test.seller('sam'), test.kept('d'), 'W-2', 600, '{"size": "M"}');
select throws_ok($$ select pg_temp.change(test.kept('w'), 'V-1', 500) $$, 'MK409', 'catalog.sku_taken', 'a SKU of another product');
select throws_ok($$ select pg_temp.change(test.kept('w'), 'W-2', 500) $$, 'MK409', 'catalog.sku_taken', 'a SKU of another variant');
select throws_ok($$ select pg_temp.change(test.kept('w'), 'W-1', 500, 'EUR') $$, 'MK422', 'catalog.currency_mismatch', 'another currency than its siblings');
-- not yours
select throws_ok($$ select pg_temp.change(test.kept('w'), 'W-1', 1, 'USD', 0, null, test.seller('eve')) $$, 'MK404', 'catalog.variant_not_found', 'another''s draft');
select throws_ok($$ select pg_temp.change(test.kept('v'), 'V-1', 1, 'EUR', 0, null, test.seller('eve')) $$, 'MK403', 'catalog.not_your_product', 'another''s that is visible');
select throws_ok($$ select pg_temp.change(test.kept('v'), 'V-1', 1, 'EUR', 0, null, test.admin()) $$, 'MK403', 'identity.role_required', 'an administrator may not');
-- archived
select catalog.archive_variant(test.ctx(test.seller('sam')), test.kept('w'));
select throws_ok($$ select pg_temp.change(test.kept('w')) $$, 'MK409', 'catalog.variant_archived', 'an archived variant');
select catalog.archive_product(test.ctx(test.seller('sam')), test.kept('p'));
select throws_ok($$ select pg_temp.change(test.kept('v')) $$, 'MK409', 'catalog.product_archived', 'a variant of an archived product');
select is_empty($$ select * from catalog._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
