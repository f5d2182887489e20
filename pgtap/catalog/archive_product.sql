begin;
select plan(17);

create function pg_temp.archive(p_id uuid, p_user uuid default test.seller('sam')) returns void language sql as $$
  select catalog.archive_product(test.ctx(p_user), p_id);
$$;
select lives_ok(format('select pg_temp.archive(%L)', test.product(test.seller('sam'), s)), 'its store archives what is ' || s)
  from unnest(array['DRAFT', 'PENDING_APPROVAL', 'APPROVED', 'REJECTED', 'ACTIVE', 'INACTIVE']) as s;
select test.keep('a', test.product(test.seller('sam'), 'ACTIVE'));
select lives_ok($$ select pg_temp.archive(test.kept('a'), test.admin()) $$, 'an administrator archives what was on sale');
select is((select array_agg(distinct v.status || '/' || o.status) from catalog.variants as v join catalog.offers as o using (variant_id) where v.product_id = test.kept('a')),
  '{ARCHIVED/ARCHIVED}', 'variants and offers go with it');
select is((select price_from_minor from catalog.products where product_id = test.kept('a')), null, 'it has no price any more');
select is(cardinality(test.events_of(test.kept('a'))), 6, 'one event');
select lives_ok($$ select pg_temp.archive(test.kept('a')) $$, 'archiving twice is no error');
select is(cardinality(test.events_of(test.kept('a'))), 6, 'and no event');
select test.keep('draft', test.draft(test.seller('sam')));
select throws_ok($$ select pg_temp.archive(test.kept('draft'), test.admin()) $$, 'MK409', 'catalog.transition_refused', 'a draft is not the administrator''s business');
select throws_ok($$ select pg_temp.archive(test.kept('draft'), test.seller('eve')) $$, 'MK404', 'catalog.product_not_found', 'another''s');
select throws_ok($$ select pg_temp.archive(test.kept('draft'), test.buyer('ben')) $$, 'MK403', 'identity.role_required', 'a buyer may not');
select throws_ok($$ select pg_temp.archive(core.new_id()) $$, 'MK404', 'catalog.product_not_found', 'an unknown one');
select is_empty($$ select * from catalog._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
