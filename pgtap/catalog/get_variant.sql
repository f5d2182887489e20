begin;
select plan(8);

select test.keep('p', test.product(test.seller('sam'), 'ACTIVE'));
select test.keep('v', (select variant_id from catalog.variants where product_id = test.kept('p')));
select test.keep('d', test.variant(test.seller('sam'), test.draft(test.seller('sam')), 'D-1'));
select is((select offers #>> '{0,price,amountMinor}' from catalog.get_variant(test.ctx(), test.kept('v'), null)), '1000', 'anybody sees a variant of an active product');
select lives_ok(format('select * from catalog.get_variant(test.ctx(%L), test.kept(%L), null)', u, 'd'), 'its store and administrators see that of a draft')
  from unnest(array[test.seller('sam'), test.admin()]) as u;
select throws_ok(format('select * from catalog.get_variant(test.ctx(%L::uuid), test.kept(%L), null)', u, 'd'), 'MK404', 'catalog.variant_not_found', 'others do not')
  from unnest(array[null, test.buyer('ben'), test.seller('eve')]) as u;
select throws_ok($$ select * from catalog.get_variant(test.ctx(), core.new_id(), null) $$, 'MK404', 'catalog.variant_not_found', 'an unknown one');
select catalog.deactivate_product(test.ctx(test.seller('sam')), test.kept('p'));
select catalog.archive_variant(test.ctx(test.seller('sam')), test.kept('v'));
select results_eq($$ select status, jsonb_array_length(offers) from catalog.get_variant(test.ctx(test.seller('sam')), test.kept('v'), null) $$, $$ values ('ARCHIVED', 1) $$, 'its store sees an archived one, with its last offer');

select * from finish();
rollback;
