begin;
select plan(3);

select is_empty($$ select * from catalog.get_category_tree() $$, 'an empty tree');
select test.keep('root', test.category('Root'));
select test.keep('kid', test.category('Kid', test.kept('root')));
select test.keep('grandkid', test.category('Grandkid', test.kept('kid')));
select test.category('Another root');
select results_eq(
  $$ select name, children #>> '{0,name}', children #>> '{0,children,0,name}' from catalog.get_category_tree() $$,
  $$ values ('Another root', null, null), ('Root', 'Kid', 'Grandkid') $$,
  'roots in order, children nested');
select is((select children #> '{0,children,0,children}' from catalog.get_category_tree() where name = 'Root'), '[]'::jsonb,
  'a leaf has an empty list of children');

select * from finish();
rollback;
