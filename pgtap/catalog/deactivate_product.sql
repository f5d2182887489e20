begin;
select plan(8);

create function pg_temp.deactivate(p_id uuid, p_user uuid default test.seller('sam')) returns setof catalog.product language sql as $$
  select * from catalog.deactivate_product(test.ctx(p_user), p_id);
$$;
select test.keep('a', test.product(test.seller('sam'), 'ACTIVE'));
select test.keep('b', test.product(test.seller('sam'), 'ACTIVE'));
select is((select status from pg_temp.deactivate(test.kept('a'))), 'INACTIVE', 'its store');
select is((select status from pg_temp.deactivate(test.kept('b'), test.admin())), 'INACTIVE', 'an administrator');
select ok('catalog.product_deactivated' = any (test.events_of(test.kept('b'))), 'an event');
select throws_ok($$ select pg_temp.deactivate(test.kept('a')) $$, 'MK409', 'catalog.transition_refused', 'not twice');
select throws_ok($$ select pg_temp.deactivate(test.kept('a'), test.seller('eve')) $$, 'MK404', 'catalog.product_not_found', 'another''s');
select catalog.activate_product(test.ctx(test.seller('sam')), test.kept('a'));
select throws_ok($$ select pg_temp.deactivate(test.kept('a'), test.seller('eve')) $$, 'MK403', 'catalog.not_your_product', 'another''s that is visible');
select throws_ok($$ select pg_temp.deactivate(test.kept('a'), test.buyer('ben')) $$, 'MK403', 'identity.role_required', 'a buyer may not');
select throws_ok($$ select pg_temp.deactivate(test.kept('a'), null) $$, 'MK401', 'identity.unauthenticated', 'nobody may not');

select * from finish();
rollback;
