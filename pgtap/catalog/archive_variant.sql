begin;
select plan(14);

create function pg_temp.archive(p_id uuid, p_user uuid default test.seller('sam')) returns void language sql as $$
  select catalog.archive_variant(test.ctx(p_user), p_id);
$$;
select test.keep('p', test.draft(test.seller('sam')));
select test.keep('v' || s, test.variant(test.seller('sam'), test.kept('p'), 'V-' || s, ascii(s), jsonb_build_object('size', s))) from unnest('{S,M}'::text[]) as s;
-- not yours
select throws_ok($$ select pg_temp.archive(test.kept('vS'), test.seller('eve')) $$, 'MK404', 'catalog.variant_not_found', 'another''s draft');
select throws_ok($$ select pg_temp.archive(test.kept('vS'), test.admin()) $$, 'MK403', 'identity.role_required', 'an administrator may not');
select throws_ok($$ select pg_temp.archive(core.new_id()) $$, 'MK404', 'catalog.variant_not_found', 'an unknown one');
-- allowed, repeated
select lives_ok($$ select pg_temp.archive(test.kept('vS')) $$, 'one of two');
select results_eq($$ select price_from_minor, price_to_minor, version from catalog.products where product_id = test.kept('p') $$, $$ values (77::bigint, 77::bigint, 4) $$, 'the range follows');
select is((test.events_of(test.kept('p')))[4], 'catalog.variant_archived', 'an event');
select lives_ok($$ select pg_temp.archive(test.kept('vS')) $$, 'twice is no error');
select is(test.version(test.kept('p')), 4, 'and no change');
select lives_ok($$ select pg_temp.archive(test.kept('vM')) $$, 'the last of a draft');
select is((select currency from catalog.products where product_id = test.kept('p')), null, 'it has no price any more');
-- the last variant of a product on sale stays
select test.keep('on_sale', test.product(test.seller('sam'), 'ACTIVE'));
select test.keep('last', (select variant_id from catalog.variants where product_id = test.kept('on_sale')));
select throws_ok($$ select pg_temp.archive(test.kept('last')) $$, 'MK409', 'catalog.last_variant', 'the last of a product on sale stays');
select throws_ok($$ select pg_temp.archive(test.kept('last'), test.seller('eve')) $$, 'MK403', 'catalog.not_your_product', 'another''s that is visible');
select catalog.deactivate_product(test.ctx(test.seller('sam')), test.kept('on_sale'));
select lives_ok($$ select pg_temp.archive(test.kept('last')) $$, 'once it is off sale it goes');
select is_empty($$ select * from catalog._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
