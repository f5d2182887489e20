begin;
select plan(19);

create function pg_temp.make(p_user uuid, p_parent uuid, p_name text, p_slug text default null, p_position integer default 0)
returns setof catalog.category language sql as $$
  select * from catalog.create_category(test.ctx(p_user), p_parent, p_name, p_slug, p_position);
$$;
-- allowed
select results_eq($$ select name, slug, version, parent_id from pg_temp.make(test.admin(), null, '  Home & Garden ') $$,
  $$ values ('Home & Garden', 'home-garden', 1, null::uuid) $$, 'a root; the name is trimmed, the slug made');
select test.keep('root', (select category_id from catalog.categories where slug = 'home-garden'));
select is((select path from pg_temp.make(test.admin(), test.kept('root'), 'Tools'))[1], test.kept('root'), 'a child has the path of its parent');
select is((select slug from pg_temp.make(test.admin(), null, 'Home Garden')), 'home-garden-2', 'a second one of the name gets a number');
select is((select slug from pg_temp.make(test.admin(), null, 'Home--Garden')), 'home-garden-3', 'and the third');
select matches((select slug from pg_temp.make(test.admin(), null, 'home garden')), '^home-garden-[0-9a-f]{12}$', 'then a part of the id');
select is((select slug from pg_temp.make(test.admin(), null, '家居')), 'category', 'a name without Latin letters has a slug');
select is((select slug from pg_temp.make(test.admin(), null, 'Own', 'my-own-1')), 'my-own-1', 'a slug of one''s own');
select is(test.events_of(test.kept('root')), '{catalog.category_created}', 'an event');
-- refused
select throws_ok($$ select pg_temp.make(test.admin(), null, 'Own', 'my-own-1') $$, 'MK409', 'catalog.slug_taken', 'a slug that is taken');
select throws_ok($$ select pg_temp.make(test.admin(), null, 'Own', 'My Own') $$, 'MK422', 'catalog.slug_invalid', 'a slug that is none');
select throws_ok($$ select pg_temp.make(test.admin(), null, '   ') $$, 'MK422', 'catalog.category_name_invalid', 'an empty name');
select throws_ok($$ select pg_temp.make(test.admin(), null, repeat('x', 101)) $$, 'MK422', 'catalog.category_name_invalid', 'a long name');
select throws_ok($$ select pg_temp.make(test.admin(), null, 'X', null, -1) $$, 'MK422', 'catalog.position_invalid', 'a negative position');
select throws_ok($$ select pg_temp.make(test.admin(), core.new_id(), 'X') $$, 'MK422', 'catalog.category_unknown', 'an unknown parent');
-- not yours
select throws_ok($$ select pg_temp.make(test.seller('sam'), null, 'X') $$, 'MK403', 'identity.role_required', 'a seller may not');
select throws_ok($$ select pg_temp.make(test.buyer('ben'), null, 'X') $$, 'MK403', 'identity.role_required', 'a buyer may not');
select throws_ok($$ select pg_temp.make(null, null, 'X') $$, 'MK401', 'identity.unauthenticated', 'nobody may not');
-- limits
update core.settings set value = 3 where name = 'catalog.category_depth_max';
select test.keep('l2', test.category('L2', test.kept('root')));
select test.keep('l3', test.category('L3', test.kept('l2')));
select throws_ok($$ select pg_temp.make(test.admin(), test.kept('l3'), 'L4') $$, 'MK422', 'catalog.category_too_deep', 'the tree has a depth');
select is_empty($$ select * from catalog._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
