begin;
select plan(6);
select test.seller('eve'), test.buyer('ben');
select test.keep('p', test.product(test.seller('sam'), 'ACTIVE'));
select test.keep('v', (select variant_id from catalog.variants where product_id = test.kept('p')));
select test.keep('s', test.seller_id(test.seller('sam')));
select test.keep('d', test.variant(test.seller('sam'), test.draft(test.seller('sam')), 'D-1'));

select results_eq(format('select currency, version, prices #>> ''{0,price,amountMinor}'' from catalog.get_offer_prices(test.ctx(%L), test.kept(''v''), test.kept(''s''))', u), $$ values ('USD', 1, '1000') $$, 'its seller and administrators see the whole of it')
  from unnest(array[test.seller('sam'), test.admin()]) as u;
select throws_ok($$ select * from catalog.get_offer_prices(test.ctx(test.seller('eve')), test.kept('v'), test.kept('s')) $$, 'MK403', 'catalog.not_your_offer', 'another store does not');
select throws_ok($$ select * from catalog.get_offer_prices(test.ctx(test.seller('eve')), test.kept('d'), test.kept('s')) $$, 'MK404', 'catalog.offer_not_found', 'of a draft it does not even learn that it is there');
select throws_ok($$ select * from catalog.get_offer_prices(test.ctx(test.buyer('ben')), test.kept('v'), test.kept('s')) $$, 'MK403', 'identity.role_required', 'nor a buyer');
select throws_ok($$ select * from catalog.get_offer_prices(test.ctx(test.admin()), core.new_id(), test.kept('s')) $$, 'MK404', 'catalog.offer_not_found', 'an unknown one');

select * from finish();
rollback;
