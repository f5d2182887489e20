begin;
select plan(20);

create function pg_temp.change(p_id uuid, p_parent uuid, p_name text, p_slug text default null, p_version integer default null,
                               p_user uuid default test.admin())
returns setof catalog.category language sql as $$
  select * from catalog.update_category(test.ctx(p_user), p_id,
    coalesce(p_version, (select version from catalog.categories where category_id = p_id)), p_parent, p_name, p_slug, 0);
$$;
select test.keep('a', test.category('A'));
select test.keep('b', test.category('B', test.kept('a')));
select test.keep('c', test.category('C', test.kept('b')));
select test.keep('d', test.category('D'));
-- allowed
select results_eq($$ select name, slug, version from pg_temp.change(test.kept('c'), test.kept('b'), 'C two') $$,
  $$ values ('C two', 'c', 2) $$, 'a new name; the slug stays');
select is((select slug from pg_temp.change(test.kept('c'), test.kept('b'), 'C two', 'c-two')), 'c-two', 'a new slug');
select is((select path from pg_temp.change(test.kept('b'), test.kept('d'), 'B')), array[test.kept('d'), test.kept('b')], 'moved below another');
select is((select path from catalog.categories where category_id = test.kept('c')), array[test.kept('d'), test.kept('b'), test.kept('c')],
  'what is below moves along');
select is((select path from pg_temp.change(test.kept('b'), null, 'B')), array[test.kept('b')], 'moved to the root');
select is((select path from catalog.categories where category_id = test.kept('c')), array[test.kept('b'), test.kept('c')], 'with what is below');
select is((select array_agg(payload -> 'isMoved' order by staging_id) from events.staging
            where aggregate_id = test.kept('b') and type = 'catalog.category_updated'), array['true'::jsonb, 'true'], 'events tell of the moves');
-- refused
select throws_ok($$ select pg_temp.change(test.kept('b'), test.kept('c'), 'B') $$, 'MK422', 'catalog.category_cycle', 'not below a descendant');
select throws_ok($$ select pg_temp.change(test.kept('b'), test.kept('b'), 'B') $$, 'MK422', 'catalog.category_cycle', 'not below itself');
select throws_ok($$ select pg_temp.change(test.kept('b'), core.new_id(), 'B') $$, 'MK422', 'catalog.category_unknown', 'an unknown parent');
select throws_ok($$ select pg_temp.change(core.new_id(), null, 'B', null, 1) $$, 'MK404', 'catalog.category_not_found', 'an unknown category');
select throws_ok($$ select pg_temp.change(test.kept('b'), null, 'B', null, 1) $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select * from catalog.update_category(test.ctx(test.admin()), test.kept('b'), null, null, 'B', null, 0) $$, 'MK428',
  'core.if_match_required', 'no version');
select throws_ok($$ select pg_temp.change(test.kept('b'), null, '') $$, 'MK422', 'catalog.category_name_invalid', 'no name');
select throws_ok($$ select pg_temp.change(test.kept('b'), null, 'B', 'c-two') $$, 'MK409', 'catalog.slug_taken', 'a slug of another');
select throws_ok($$ select pg_temp.change(test.kept('b'), null, 'B', 'C!') $$, 'MK422', 'catalog.slug_invalid', 'a slug that is none');
-- not yours
select throws_ok($$ select pg_temp.change(test.kept('b'), null, 'B', null, null, test.seller('sam')) $$, 'MK403', 'identity.role_required', 'a seller may not');
-- limits: depth of the whole subtree, attributes that products would lose
update core.settings set value = 2 where name = 'catalog.category_depth_max';
select throws_ok($$ select pg_temp.change(test.kept('b'), test.kept('a'), 'B') $$, 'MK422', 'catalog.category_too_deep', 'the subtree must fit as well');
update core.settings set value = 8 where name = 'catalog.category_depth_max';
select test.keep('product', test.draft(test.seller('sam')));
select throws_ok($$ select pg_temp.change(test.shirts(), null, 'Shirts') $$, 'MK409', 'catalog.attribute_in_use',
  'a move may not take an attribute from products that have it');
select is_empty($$ select * from catalog._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
