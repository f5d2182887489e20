begin;
select plan(18);

create function pg_temp.id(p_code text) returns uuid language sql as $$ select attribute_id from catalog.attributes where code = p_code $$;
create function pg_temp.change(p_code text, p_definition jsonb, p_version integer default null, p_user uuid default test.admin())
returns setof catalog.attribute language sql as $$
  select * from catalog.update_attribute(test.ctx(p_user), pg_temp.id(p_code),
    coalesce(p_version, (select version from catalog.attributes where code = p_code)), '{"name": "New name"}' || p_definition);
$$;
select test.shirts();
-- allowed while nobody uses it
select results_eq($$ select code, name, type, version from pg_temp.change('weight', '{"type": "text"}') $$,
  $$ values ('weight', 'New name', 'text', 2) $$, 'another type');
select is((select options from pg_temp.change('size', '{"type": "select", "options": ["XL"], "isVariantAxis": true}')), '["XL"]'::jsonb, 'other options');
select lives_ok($$ select pg_temp.change('size', '{"type": "select", "options": ["S", "M"], "isVariantAxis": false}') $$, 'no axis any more');
select lives_ok($$ select pg_temp.change('size', '{"type": "select", "options": ["S", "M", "L"], "isVariantAxis": true}') $$, 'an axis again');
select is((select code from pg_temp.change('weight', '{"type": "number", "code": "other"}')), 'weight', 'the code stays');
select ok('catalog.attribute_updated' = any (test.events_of(pg_temp.id('weight'))), 'events');
-- refused while products have values
select test.keep('product', (select product_id from catalog.create_product(test.ctx(test.seller('sam')), test.shirts(), 'Shirt', null, '',
  '{"weight": 200, "tags": ["new", "eco"], "material": "linen"}')));
select test.variant(test.seller('sam'), test.kept('product'), 'S-1', 1000, '{"size": "S", "color": "red"}');
select throws_ok($$ select pg_temp.change('weight', '{"type": "text"}') $$, 'MK409', 'catalog.attribute_in_use', 'the type stays');
select throws_ok($$ select pg_temp.change('tags', '{"type": "multiselect", "options": ["new", "sale"]}') $$, 'MK409', 'catalog.attribute_in_use', 'an option that a product has stays');
select throws_ok($$ select pg_temp.change('size', '{"type": "select", "options": ["M", "L"], "isVariantAxis": true}') $$, 'MK409', 'catalog.attribute_in_use', 'an option that a variant has stays');
select throws_ok($$ select pg_temp.change('size', '{"type": "select", "options": ["S", "M", "L"]}') $$, 'MK409', 'catalog.attribute_in_use', 'an axis in use stays one');
select lives_ok($$ select pg_temp.change('tags', '{"type": "multiselect", "options": ["new", "eco", "fresh"]}') $$, 'options that no product has may go, others come');
select lives_ok($$ select pg_temp.change('weight', '{"type": "number", "max": 100}') $$, 'limits may become tighter');
select lives_ok($$ select pg_temp.change('weight', '{"type": "number", "required": true}') $$, 'and so may it become required');
-- other refusals
select throws_ok($$ select pg_temp.change('weight', '{"type": "number"}', 1) $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select * from catalog.update_attribute(test.ctx(test.admin()), core.new_id(), 1, '{}') $$, 'MK404', 'catalog.attribute_not_found', 'an unknown one');
select throws_ok($$ select pg_temp.change('weight', '{"type": "number", "min": 2, "max": 1}') $$, 'MK422', 'catalog.attribute_invalid', 'a definition that contradicts itself');
select throws_ok($$ select pg_temp.change('weight', '{"type": "number"}', null, test.seller('sam')) $$, 'MK403', 'identity.role_required', 'a seller may not');
-- an archived product does not count
select catalog.archive_product(test.ctx(test.seller('sam')), test.kept('product'));
select lives_ok($$ select pg_temp.change('weight', '{"type": "text"}') $$, 'once the product is archived the type may change');

select * from finish();
rollback;
