begin;
select plan(9);

select test.shirts();
select results_eq(
  $$ select code, inherited_from is null from catalog.list_category_attributes(test.shirts(), null, 100) $$,
  $$ values ('material', false), ('color', true), ('size', true), ('weight', true), ('tags', true), ('organic', true), ('since', true) $$,
  'inherited ones first, then its own in the order of linking');
select is((select inherited_from from catalog.list_category_attributes(test.shirts(), null, 100) where code = 'material'),
  (select parent_id from catalog.categories where category_id = test.shirts()), 'inheritedFrom names the ancestor');
select results_eq(
  $$ select options, min_value, max_value, unit from catalog.list_category_attributes(test.shirts(), null, 100) where code in ('size', 'weight') $$,
  $$ values ('["S", "M", "L"]'::jsonb, null::jsonb, null::jsonb, null), (null, '1', '1000', 'g') $$, 'definitions are whole');
select test.keep('bare', test.category('Bare'));
select is_empty($$ select * from catalog.list_category_attributes(test.kept('bare'), null, 100) $$, 'a category without any');
select throws_ok($$ select * from catalog.list_category_attributes(core.new_id(), null, 100) $$, 'MK404', 'catalog.category_not_found', 'an unknown category');

-- pages
select is((select count(*) from catalog.list_category_attributes(test.shirts(), null, 3)), 4::bigint, 'a page and one row more');
select test.keep('third', attribute_id), set_config('test.cursor', page_cursor, true)
  from catalog.list_category_attributes(test.shirts(), null, 3) where code = 'size';
select is((select array_agg(code) from catalog.list_category_attributes(test.shirts(), current_setting('test.cursor'), 2)),
  '{weight,tags,organic}', 'the cursor goes on');
select catalog.unlink_attribute(test.ctx(test.admin()), test.shirts(), test.kept('third'));
select is((select array_agg(code) from catalog.list_category_attributes(test.shirts(), current_setting('test.cursor'), 2)),
  '{tags,organic,since}', 'its line counts when its attribute is gone');
select throws_ok($$ select * from catalog.list_category_attributes(test.shirts(), core._encode_cursor('x', '1'), 1) $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');

select * from finish();
rollback;
