begin;
select plan(9);

create function pg_temp.remove(p_id uuid, p_user uuid default test.admin()) returns void language sql as $$
  select catalog.delete_category(test.ctx(p_user), p_id);
$$;
select test.keep('root', test.category('Root'));
select test.keep('kid', test.category('Kid', test.kept('root')));
-- refused while used
select throws_ok($$ select pg_temp.remove(test.kept('root')) $$, 'MK409', 'catalog.category_in_use', 'it has children');
select test.keep('attribute', test.attribute('{"code": "x", "type": "text"}', test.kept('kid')));
select throws_ok($$ select pg_temp.remove(test.kept('kid')) $$, 'MK409', 'catalog.category_in_use', 'it has an attribute');
select test.draft(test.seller('sam'));
select throws_ok($$ select pg_temp.remove(test.shirts()) $$, 'MK409', 'catalog.category_in_use', 'it has products');
-- not yours
select throws_ok($$ select pg_temp.remove(test.kept('kid'), test.seller('sam')) $$, 'MK403', 'identity.role_required', 'a seller may not');
select throws_ok($$ select pg_temp.remove(test.kept('kid'), null) $$, 'MK401', 'identity.unauthenticated', 'nobody may not');
-- allowed, repeated
select catalog.unlink_attribute(test.ctx(test.admin()), test.kept('kid'), test.kept('attribute'));
select lives_ok($$ select pg_temp.remove(test.kept('kid')) $$, 'once nothing uses it');
select ok(test.events_of(test.kept('kid')) @> '{catalog.category_deleted}', 'an event');
select throws_ok($$ select pg_temp.remove(test.kept('kid')) $$, 'MK404', 'catalog.category_not_found', 'it is gone');
select lives_ok($$ select pg_temp.remove(test.kept('root')) $$, 'and so may its parent');

select * from finish();
rollback;
