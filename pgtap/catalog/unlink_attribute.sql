begin;
select plan(10);

create function pg_temp.unlink(p_category uuid, p_code text, p_user uuid default test.admin()) returns void language sql as $$
  select catalog.unlink_attribute(test.ctx(p_user), p_category, (select attribute_id from catalog.attributes where code = p_code));
$$;
create function pg_temp.root() returns uuid language sql as $$ select parent_id from catalog.categories where category_id = test.shirts() $$;
select test.shirts();
-- allowed, repeated
select lives_ok($$ select pg_temp.unlink(test.shirts(), 'since') $$, 'an attribute without values goes');
select throws_ok($$ select pg_temp.unlink(test.shirts(), 'since') $$, 'MK404', 'catalog.attribute_not_linked', 'not twice');
select ok('catalog.attribute_unlinked' = any (test.events_of(test.shirts())), 'an event');
-- refused
select throws_ok($$ select pg_temp.unlink(test.shirts(), 'material') $$, 'MK404', 'catalog.attribute_not_linked', 'an inherited one is not its own');
select throws_ok($$ select pg_temp.unlink(core.new_id(), 'material') $$, 'MK404', 'catalog.category_not_found', 'an unknown category');
select throws_ok($$ select pg_temp.unlink(test.shirts(), 'no') $$, 'MK404', 'catalog.attribute_not_linked', 'an unknown attribute');
select throws_ok($$ select pg_temp.unlink(test.shirts(), 'size', test.seller('sam')) $$, 'MK403', 'identity.role_required', 'a seller may not');
-- in use, also further down
select test.keep('product', test.draft(test.seller('sam')));
select throws_ok($$ select pg_temp.unlink(pg_temp.root(), 'material') $$, 'MK409', 'catalog.attribute_in_use', 'products below have values');
select test.variant(test.seller('sam'), test.kept('product'), 'S-1', 1000, '{"size": "S"}');
select throws_ok($$ select pg_temp.unlink(test.shirts(), 'size') $$, 'MK409', 'catalog.attribute_in_use', 'variants have values');
select lives_ok($$ select pg_temp.unlink(test.shirts(), 'color') $$, 'an axis that no variant has goes');

select * from finish();
rollback;
