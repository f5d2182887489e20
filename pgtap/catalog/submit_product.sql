begin;
select plan(12);

create function pg_temp.submit(p_id uuid, p_user uuid default test.seller('sam')) returns setof catalog.product language sql as $$
  select * from catalog.submit_product(test.ctx(p_user), p_id);
$$;
select test.keep('draft', test.product(test.seller('sam'), 'DRAFT'));
select results_eq($$ select status, version from pg_temp.submit(test.kept('draft')) $$, $$ values ('PENDING_APPROVAL', 3) $$, 'a complete draft');
select is((test.events_of(test.kept('draft')))[3], 'catalog.product_submitted', 'an event');
select throws_ok($$ select pg_temp.submit(test.kept('draft')) $$, 'MK409', 'catalog.transition_refused', 'not twice');
select test.keep('rejected', test.product(test.seller('sam'), 'REJECTED'));
select results_eq($$ select status, review_reason from pg_temp.submit(test.kept('rejected')) $$, $$ values ('PENDING_APPROVAL', null::text) $$, 'a rejected one again; the reason is gone');
-- refused
select test.keep('empty', test.draft(test.seller('sam')));
select throws_ok($$ select pg_temp.submit(test.kept('empty')) $$, 'MK409', 'catalog.product_without_offer', 'without a price');
select test.keep('bare', (select product_id from catalog.create_product(test.ctx(test.seller('sam')), test.shirts(), 'Bare', null, '', '{}')));
select test.variant(test.seller('sam'), test.kept('bare'), 'B-1', 1000, '{"color": "red"}');
select throws_ok($$ select pg_temp.submit(test.kept('bare')) $$, 'MK422', 'catalog.attribute_required', 'without a required attribute');
select is(test.product_status(test.kept('bare')), 'DRAFT', 'it stays a draft');
-- a required axis may be on the product or on each variant
select test.attribute('{"code": "fit", "type": "select", "options": ["slim", "wide"], "required": true, "isVariantAxis": true}', test.shirts());
select throws_ok($$ select pg_temp.submit((select test.product(test.seller('sam'), 'DRAFT'))) $$, 'MK422', 'catalog.attribute_required', 'a required axis on neither');
select test.keep('fitted', test.draft(test.seller('sam')));
select test.variant(test.seller('sam'), test.kept('fitted'), 'F-1', 1000, '{"fit": "slim"}');
select lives_ok($$ select pg_temp.submit(test.kept('fitted')) $$, 'a required axis on the variants');
-- not yours
select throws_ok($$ select pg_temp.submit(test.kept('empty'), test.seller('eve')) $$, 'MK404', 'catalog.product_not_found', 'another''s draft');
select throws_ok($$ select pg_temp.submit(core.new_id()) $$, 'MK404', 'catalog.product_not_found', 'an unknown one');
select throws_ok($$ select pg_temp.submit(test.kept('empty'), test.buyer('ben')) $$, 'MK403', 'identity.role_required', 'a buyer');

select * from finish();
rollback;
