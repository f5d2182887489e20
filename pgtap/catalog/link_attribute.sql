begin;
select plan(12);

create function pg_temp.link(p_category uuid, p_attribute uuid, p_user uuid default test.admin()) returns setof catalog.category_attribute language sql as $$
  select * from catalog.link_attribute(test.ctx(p_user), p_category, p_attribute);
$$;
select test.keep('root', test.category('Root'));
select test.keep('kid', test.category('Kid', test.kept('root')));
select test.keep('a', test.attribute('{"code": "a", "type": "text"}'));
select test.keep('b', test.attribute('{"code": "b", "type": "text"}'));
-- allowed
select results_eq($$ select code, inherited_from from pg_temp.link(test.kept('root'), test.kept('a')) $$, $$ values ('a', null::uuid) $$, 'linked');
select is((select inherited_from from catalog.list_category_attributes(test.kept('kid'), null, 100)), test.kept('root'), 'and inherited');
select is((select version from catalog.categories where category_id = test.kept('root')), 2, 'the category has a new version');
select is(test.events_of(test.kept('root')), '{catalog.category_created,catalog.attribute_linked}', 'an event');
-- repeated
select throws_ok($$ select pg_temp.link(test.kept('root'), test.kept('a')) $$, 'MK409', 'catalog.attribute_already_linked', 'not twice');
select throws_ok($$ select pg_temp.link(test.kept('kid'), test.kept('a')) $$, 'MK409', 'catalog.attribute_already_linked', 'not what is inherited');
select lives_ok($$ select pg_temp.link(test.kept('kid'), test.kept('b')) $$, 'one of its own');
select lives_ok($$ select pg_temp.link(test.kept('root'), test.kept('b')) $$, 'which an ancestor may get later');
select is((select count(*) from catalog.list_category_attributes(test.kept('kid'), null, 100) where code = 'b'), 1::bigint, 'and still it counts once');
-- refused
select throws_ok($$ select pg_temp.link(core.new_id(), test.kept('a')) $$, 'MK404', 'catalog.category_not_found', 'an unknown category');
select throws_ok($$ select pg_temp.link(test.kept('kid'), core.new_id()) $$, 'MK404', 'catalog.attribute_not_found', 'an unknown attribute');
select throws_ok($$ select pg_temp.link(test.kept('kid'), test.kept('a'), test.seller('sam')) $$, 'MK403', 'identity.role_required', 'a seller may not');

select * from finish();
rollback;
