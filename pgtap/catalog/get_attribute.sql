begin;
select plan(3);

select test.keep('material', (select a.attribute_id from catalog.create_attribute(test.ctx(test.admin()),
  '{"code": "material", "name": "Material", "type": "text"}') as a));
select is((select a.code || ' ' || a.version from catalog.get_attribute(test.kept('material')) as a), 'material 1',
  'one attribute, with its version');
select throws_ok($$ select * from catalog.get_attribute(core.new_id()) $$, 'MK404', 'catalog.attribute_not_found', 'an unknown one');
select throws_ok($$ select * from catalog.get_attribute(null) $$, 'MK404', 'catalog.attribute_not_found', 'no id');

select * from finish();
rollback;
