begin;
select plan(5);

select test.keep('active', test.product(test.seller('sam'), 'ACTIVE', 'Active one'));
select test.keep('draft', test.draft(test.seller('sam'), 'Draft one'));
select is((select product_id from catalog.get_product_by_slug(test.ctx(), 'active-one', null)), test.kept('active'), 'an active product');
select is((select product_id from catalog.get_product_by_slug(test.ctx(test.seller('sam')), 'draft-one', null)), test.kept('draft'), 'a draft, for its store');
select throws_ok($$ select * from catalog.get_product_by_slug(test.ctx(), 'draft-one', null) $$, 'MK404', 'catalog.product_not_found', 'not for others');
select throws_ok($$ select * from catalog.get_product_by_slug(test.ctx(), 'nothing', null) $$, 'MK404', 'catalog.product_not_found', 'an unknown slug');
select throws_ok($$ select * from catalog.get_product_by_slug(test.ctx(), null, null) $$, 'MK404', 'catalog.product_not_found', 'no slug');

select * from finish();
rollback;
