begin;
select plan(6);

select is_empty($$ select * from catalog.get_category_tree(null, 100) $$, 'an empty tree');
select test.keep('root', test.category('Root'));
select test.keep('kid', test.category('Kid', test.kept('root')));
select test.keep('grandkid', test.category('Grandkid', test.kept('kid')));
select test.category('Another root');
select results_eq(
  $$ select name, children #>> '{0,name}', children #>> '{0,children,0,name}' from catalog.get_category_tree(null, 100) $$,
  $$ values ('Another root', null, null), ('Root', 'Kid', 'Grandkid') $$,
  'roots in order, children nested');
select is((select children #> '{0,children,0,children}' from catalog.get_category_tree(null, 100) where name = 'Root'), '[]'::jsonb,
  'a leaf has an empty list of children');
select is((select count(*) from catalog.get_category_tree(null, 1)), 2::bigint, 'a page and one row more');
select results_eq(
  $$ select n.name from (select page_cursor from catalog.get_category_tree(null, 1) limit 1) as p, catalog.get_category_tree(p.page_cursor, 1) as n $$,
  array['Root'], 'the cursor goes on');
select throws_ok($$ select * from catalog.get_category_tree(core._encode_cursor('1', 'x'), 1) $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');

select * from finish();
rollback;
