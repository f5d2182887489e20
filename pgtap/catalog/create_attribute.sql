begin;
select plan(35);

create function pg_temp.define(p_definition jsonb, p_user uuid default test.admin()) returns setof catalog.attribute language sql as $$
  select * from catalog.create_attribute(test.ctx(p_user), '{"code": "a", "name": "A", "type": "text"}' || p_definition);
$$;
-- allowed
select results_eq($$ select code, type, unit, is_required, is_variant_axis, options, min_value, max_value, version
                       from pg_temp.define('{"code": "width", "type": "number", "unit": "cm", "required": true, "min": 0.5, "max": 99}') $$,
  $$ values ('width', 'number', 'cm', true, false, null::jsonb, '0.5'::jsonb, '99'::jsonb, 1) $$, 'a number');
select results_eq($$ select type, options, is_variant_axis from pg_temp.define('{"code": "hue", "type": "select", "options": ["b", "a"], "isVariantAxis": true}') $$,
  $$ values ('select', '["b", "a"]'::jsonb, true) $$, 'a select that is an axis; the options keep their order');
select lives_ok(format('select pg_temp.define(%L)', d), 'also ' || (d ->> 'code'))
  from unnest(array['{"code": "t", "type": "text", "min": 2, "max": 5000}', '{"code": "b", "type": "boolean"}',
                    '{"code": "d", "type": "date"}', '{"code": "m", "type": "multiselect", "options": ["x"]}']::jsonb[]) as d;
select is(test.events_of((select attribute_id from catalog.attributes where code = 'hue')), '{catalog.attribute_created}', 'an event');
-- refused
select throws_ok($$ select pg_temp.define('{"code": "hue"}') $$, 'MK409', 'catalog.attribute_code_taken', 'a code that is taken');
select throws_ok(format('select pg_temp.define(%L)', d), 'MK422', 'catalog.attribute_invalid', 'not ' || d::text)
  from unnest(array['{"code": "Bad"}', '{"code": null}', '{"name": " "}', '{"type": "json"}', '{"type": null}',
                    '{"unit": "abcdefghijklmnopqrstuvwxyz"}', '{"type": "number", "isVariantAxis": true}',
                    '{"options": ["a"]}', '{"type": "select"}', '{"type": "select", "options": []}',
                    '{"type": "select", "options": ["a", "a"]}', '{"type": "select", "options": ["a", " a"]}',
                    '{"type": "select", "options": [""]}', '{"type": "select", "options": "a"}',
                    '{"type": "boolean", "min": 1}', '{"type": "date", "max": 1}', '{"type": "number", "min": 2, "max": 1}',
                    '{"type": "number", "min": 1e300}', '{"type": "number", "max": 0.0000001}', '{"min": -1}', '{"max": 5001}',
                    '{"max": 0}', '{"min": 1.5}']::jsonb[]) as d;
-- limits
select lives_ok($$ select pg_temp.define(jsonb_build_object('code', 'many', 'type', 'select', 'options', (select jsonb_agg(i::text) from generate_series(1, 200) as i))) $$, '200 options');
select throws_ok($$ select pg_temp.define(jsonb_build_object('type', 'select', 'options', (select jsonb_agg(i::text) from generate_series(1, 201) as i))) $$,
  'MK422', 'catalog.attribute_invalid', 'not 201');
-- not yours
select throws_ok($$ select pg_temp.define('{}', test.seller('sam')) $$, 'MK403', 'identity.role_required', 'a seller may not');
select throws_ok($$ select pg_temp.define('{}', null) $$, 'MK401', 'identity.unauthenticated', 'nobody may not');

select * from finish();
rollback;
