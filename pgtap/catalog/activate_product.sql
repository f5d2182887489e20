begin;
select plan(10);

create function pg_temp.activate(p_id uuid, p_user uuid default test.seller('sam')) returns setof catalog.product language sql as $$
  select * from catalog.activate_product(test.ctx(p_user), p_id);
$$;
select test.keep('approved', test.product(test.seller('sam'), 'APPROVED'));
select test.keep('inactive', test.product(test.seller('sam'), 'INACTIVE'));
select is((select status from pg_temp.activate(test.kept('approved'))), 'ACTIVE', 'an approved product');
select is((select status from pg_temp.activate(test.kept('inactive'))), 'ACTIVE', 'an inactive product');
select ok('catalog.product_activated' = any (test.events_of(test.kept('approved'))), 'an event');
select throws_ok($$ select pg_temp.activate(test.kept('approved')) $$, 'MK409', 'catalog.transition_refused', 'not twice');
select test.keep('draft', test.product(test.seller('sam'), 'DRAFT'));
select test.keep('pending', test.product(test.seller('sam'), 'PENDING_APPROVAL'));
select throws_ok($$ select pg_temp.activate(test.kept('draft')) $$, 'MK409', 'catalog.transition_refused', 'not a draft');
select throws_ok($$ select pg_temp.activate(test.kept('pending')) $$, 'MK409', 'catalog.transition_refused', 'not past the reviewers');
select test.keep('emptied', test.product(test.seller('sam'), 'APPROVED'));
select catalog.archive_variant(test.ctx(test.seller('sam')), variant_id) from catalog.variants where product_id = test.kept('emptied');
select throws_ok($$ select pg_temp.activate(test.kept('emptied')) $$, 'MK409', 'catalog.product_without_offer', 'not without a price');
select throws_ok($$ select pg_temp.activate(test.kept('emptied'), test.seller('eve')) $$, 'MK404', 'catalog.product_not_found', 'another''s');
select throws_ok($$ select pg_temp.activate(test.kept('approved'), test.seller('eve')) $$, 'MK403', 'catalog.not_your_product', 'another''s that is visible');
select throws_ok($$ select pg_temp.activate(test.kept('emptied'), test.admin()) $$, 'MK403', 'identity.role_required', 'an administrator may not');

select * from finish();
rollback;
