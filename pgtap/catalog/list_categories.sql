begin;
select plan(7);

select test.keep('root', test.category('Root'));
select test.category('Kid ' || i, test.kept('root')) from generate_series(1, 3) as i;
select is((select count(*) from catalog.list_categories(null, null, 100)), 4::bigint, 'all of them');
select is((select count(*) from catalog.list_categories(test.kept('root'), null, 100)), 3::bigint, 'the children of one');
select is_empty($$ select * from catalog.list_categories(core.new_id(), null, 100) $$, 'nothing below an unknown one');
select is((select count(*) from catalog.list_categories(null, null, 2)), 3::bigint, 'a page has one row more to tell of the next');
select results_eq(
  $$ with page as (select * from catalog.list_categories(null, null, 2) limit 2),
          next as (select n.* from (select page_cursor from page offset 1) as p, catalog.list_categories(null, p.page_cursor, 2) as n)
     select name from page union all select name from next $$,
  $$ select name from catalog.list_categories(null, null, 100) $$,
  'the cursor goes on where the page ended');
select throws_ok($$ select * from catalog.list_categories(null, 'nonsense!', 2) $$, 'MK400', 'core.cursor_invalid', 'a bad cursor is refused');
select throws_ok($$ select * from catalog.list_categories(null, core._encode_cursor('x', 'y'), 2) $$, 'MK400',
  'core.cursor_invalid', 'a cursor with other keys is refused');

select * from finish();
rollback;
