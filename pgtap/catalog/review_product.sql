begin;
select plan(25);

create function pg_temp.review(p_id uuid, p_decision text default 'APPROVE', p_reason text default null, p_version integer default null,
                               p_user uuid default test.admin()) returns setof catalog.product language sql as $$
  select * from catalog.review_product(test.ctx(p_user), p_id, p_decision, p_reason, coalesce(p_version, test.version(p_id)));
$$;
select test.keep('a', test.product(test.seller('sam'), 'PENDING_APPROVAL'));
select test.keep('b', test.product(test.seller('sam'), 'PENDING_APPROVAL'));
-- allowed, repeated
select results_eq($$ select status, version, review_reason from pg_temp.review(test.kept('a')) $$, $$ values ('APPROVED', 4, null::text) $$, 'approved');
select throws_ok($$ select pg_temp.review(test.kept('a'), 'APPROVE', null, 3) $$, 'MK409', 'catalog.version_conflict', 'a second reviewer read another version');
select throws_ok($$ select pg_temp.review(test.kept('a')) $$, 'MK409', 'catalog.transition_refused', 'and what is approved is approved');
select results_eq($$ select status, review_reason from pg_temp.review(test.kept('b'), 'REJECT', ' Blurred. ') $$, $$ values ('REJECTED', 'Blurred.') $$, 'rejected with a reason');
select is((select reason from catalog.product_history where product_id = test.kept('b') and action = 'reject'), 'Blurred.', 'which the history keeps');
select is((select review_reason from catalog.get_product(test.ctx(test.seller('sam')), test.kept('b'), null)), 'Blurred.', 'and the seller reads');
select results_eq($$ select type, audience, payload ->> 'status', payload ->> 'fromStatus' from events.staging where aggregate_id = test.kept('b') order by staging_id desc limit 1 $$,
  $$ values ('catalog.product_rejected', array[test.seller_id(test.seller('sam'))], 'REJECTED', 'PENDING_APPROVAL') $$, 'the seller is told by event');
select ok(not exists (select 1 from events.staging where payload::text like '%Blurred%'), 'without the words');
-- refused
select test.keep('c', test.product(test.seller('sam'), 'PENDING_APPROVAL'));
select throws_ok($$ select pg_temp.review(test.kept('c'), 'REJECT') $$, 'MK422', 'catalog.reason_required', 'a rejection without a reason');
select throws_ok($$ select pg_temp.review(test.kept('c'), 'REJECT', '  ') $$, 'MK422', 'catalog.reason_required', 'or with blanks');
select throws_ok($$ select pg_temp.review(test.kept('c'), 'REJECT', repeat('x', 1001)) $$, 'MK422', 'catalog.reason_invalid', 'or a novel');
select throws_ok($$ select pg_temp.review(test.kept('c'), 'MAYBE') $$, 'MK422', 'catalog.decision_invalid', 'another decision');
select throws_ok($$ select pg_temp.review(test.kept('c'), null) $$, 'MK422', 'catalog.decision_invalid', 'no decision');
select throws_ok($$ select * from catalog.review_product(test.ctx(test.admin()), test.kept('c'), 'APPROVE', null, null) $$, 'MK409', 'catalog.version_conflict', 'no version');
select throws_ok($$ select pg_temp.review(core.new_id(), 'APPROVE', null, 1) $$, 'MK404', 'catalog.product_not_found', 'an unknown product');
select throws_ok($$ select pg_temp.review(test.draft(test.seller('sam'), 'A draft'), 'APPROVE', null, 1) $$, 'MK409', 'catalog.transition_refused', 'a draft that nobody submitted');
-- the product changed since it was read: its text, a price, a variant
select catalog.update_product(test.ctx(test.seller('sam')), test.kept('c'), 3, test.shirts(), 'Another title', null, '', '{"material": "silk"}');
select throws_ok($$ select pg_temp.review(test.kept('c'), 'APPROVE', null, 3) $$, 'MK409', 'catalog.version_conflict', 'the title changed since');
select test.keep('variant', (select variant_id from catalog.variants where product_id = test.kept('c')));
select catalog.update_variant(test.ctx(test.seller('sam')), test.kept('variant'), 1, 'C-1', 999, 'USD', null);
select throws_ok($$ select pg_temp.review(test.kept('c'), 'APPROVE', null, 4) $$, 'MK409', 'catalog.version_conflict', 'the price changed since');
-- an approval checks again
select test.keep('late', test.attribute('{"code": "care", "type": "text", "required": true}', test.shirts()));
select throws_ok($$ select pg_temp.review(test.kept('c')) $$, 'MK422', 'catalog.attribute_required', 'the category asks for more than it did');
select is(test.product_status(test.kept('c')), 'PENDING_APPROVAL', 'it stays before the reviewers');
select lives_ok($$ select pg_temp.review(test.kept('c'), 'REJECT', 'Care instructions are missing.') $$, 'a rejection needs no complete product');
select catalog.unlink_attribute(test.ctx(test.admin()), test.shirts(), test.kept('late'));
select test.keep('d', test.product(test.seller('sam'), 'PENDING_APPROVAL'));
select catalog.archive_variant(test.ctx(test.seller('sam')), variant_id) from catalog.variants where product_id = test.kept('d');
select throws_ok($$ select pg_temp.review(test.kept('d')) $$, 'MK409', 'catalog.product_without_offer', 'its last price is gone');
-- not yours
select throws_ok($$ select pg_temp.review(test.kept('d'), 'APPROVE', null, null, test.seller('sam')) $$, 'MK403', 'identity.role_required', 'no seller approves');
select throws_ok($$ select pg_temp.review(test.kept('d'), 'APPROVE', null, null, null) $$, 'MK401', 'identity.unauthenticated', 'nobody does');
select is_empty($$ select * from catalog._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
