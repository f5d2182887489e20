begin;
select plan(5);

select test.shirts();
select results_eq(
  $$ select code, inherited_from is null from catalog.list_category_attributes(test.shirts()) $$,
  $$ values ('material', false), ('color', true), ('size', true), ('weight', true), ('tags', true), ('organic', true), ('since', true) $$,
  'inherited ones first, then its own in the order of linking');
select is((select inherited_from from catalog.list_category_attributes(test.shirts()) where code = 'material'),
  (select parent_id from catalog.categories where category_id = test.shirts()), 'inheritedFrom names the ancestor');
select results_eq(
  $$ select options, min_value, max_value, unit from catalog.list_category_attributes(test.shirts()) where code in ('size', 'weight') $$,
  $$ values ('["S", "M", "L"]'::jsonb, null::jsonb, null::jsonb, null), (null, '1', '1000', 'g') $$, 'definitions are whole');
select test.keep('bare', test.category('Bare'));
select is_empty($$ select * from catalog.list_category_attributes(test.kept('bare')) $$, 'a category without any');
select throws_ok($$ select * from catalog.list_category_attributes(core.new_id()) $$, 'MK404', 'catalog.category_not_found', 'an unknown category');

select * from finish();
rollback;
