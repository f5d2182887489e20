begin;
select plan(3);

select test.keep('root', test.category('Root'));
select is((select name from catalog.get_category(test.kept('root'))), 'Root', 'one category');
select throws_ok($$ select * from catalog.get_category(core.new_id()) $$, 'MK404', 'catalog.category_not_found', 'an unknown one');
select throws_ok($$ select * from catalog.get_category(null) $$, 'MK404', 'catalog.category_not_found', 'no id');

select * from finish();
rollback;
