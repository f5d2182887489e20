begin;
select plan(10);

select test.keep('active', test.product(test.seller('sam'), 'ACTIVE'));
select test.keep('rejected', test.product(test.seller('sam'), 'REJECTED'));
select results_eq($$ select title, seller ->> 'storeName', price_from_minor, currency, jsonb_array_length(variants), variants #>> '{0,offers,0,price,amountMinor}'
                       from catalog.get_product(test.ctx(), test.kept('active'), null) $$,
  $$ values ('Linen shirt', 'Sam''s store', 1000::bigint, 'USD'::bpchar, 1, '1000') $$, 'anybody sees an active product, whole');
select is((select review_reason from catalog.get_product(test.ctx(test.seller('sam')), test.kept('rejected'), null)), 'Not like this.', 'its store sees it in every status');
select lives_ok($$ select * from catalog.get_product(test.ctx(test.admin()), test.kept('rejected'), null) $$, 'and so do administrators');
select throws_ok(format('select * from catalog.get_product(test.ctx(%L::uuid), test.kept(%L), null)', u, 'rejected'), 'MK404', 'catalog.product_not_found', 'others do not')
  from unnest(array[null, test.buyer('ben'), test.seller('eve')]) as u;
select throws_ok($$ select * from catalog.get_product(test.ctx(), core.new_id(), null) $$, 'MK404', 'catalog.product_not_found', 'an unknown one');
select throws_ok($$ select * from catalog.get_product(test.ctx(core.new_id()), test.kept('active'), null) $$, 'MK401', 'identity.unauthenticated', 'an account that is none');
select catalog.update_product(test.ctx(test.seller('sam')), test.kept('rejected'), test.version(test.kept('rejected')), test.shirts(), 'Better', null, '', '{"material": "silk"}');
select is((select review_reason from catalog.get_product(test.ctx(test.seller('sam')), test.kept('rejected'), null)), 'Not like this.', 'the reason stays while the seller works on it');
update identity.sellers set status = 'SUSPENDED' where seller_id = test.seller_id(test.seller('sam'));
select throws_ok($$ select * from catalog.get_product(test.ctx(), test.kept('active'), null) $$, 'MK404', 'catalog.product_not_found', 'products of a suspended store are not seen');

select * from finish();
rollback;
