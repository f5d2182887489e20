begin;
select plan(87);
create temporary table f as select test.seller_id(test.seller('sam')) as sid;
alter table f add lamp uuid, add p uuid, add c uuid, add root uuid, add other uuid;
update f set lamp = test.offer(sid, 1000, 5), root = core.new_id(), other = core.new_id();
update f set p = (select product_id from catalog.variants where variant_id = lamp);
update f set c = (select category_id from catalog.products where product_id = p);
insert into catalog.categories (category_id, path, name, slug, created_at, updated_at)
select root, array[root], 'Root', 'root', core.now(), core.now() from f;
insert into catalog.attributes (attribute_id, code, name, type, created_at, updated_at)
select core.new_id(), code, code, 'text', core.now(), core.now() from unnest('{color, tags, size}'::text[]) as code;
update catalog.products set attributes = '{"color": "red", "tags": ["new", "eco"], "weight": 5, "organic": true}' from f where product_id = p;
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) values ('vip', 'VIP', core.now(), core.now());
select set_config('test.ids', (select jsonb_build_object('c', c, 'p', p, 'v', lamp, 's', sid, 'root', root, 'other', other)::text from f), true);

-- Ids stand in trees as @c, @p, @v, @s, @root, @other.
create function pg_temp.tree(p_tree text) returns jsonb language sql as $$
  select replace(replace(replace(replace(replace(replace(p_tree, '@root', i ->> 'root'), '@other', i ->> 'other'),
         '@c', i ->> 'c'), '@p', i ->> 'p'), '@v', i ->> 'v'), '@s', i ->> 's')::jsonb
  from (select current_setting('test.ids')::jsonb as i) as ids $$;
-- The facts of a basket of one line: 3 x 10.00 of a red lamp below Root; bought on Wednesday 2026-11-25 at 22:30 as third order.
create function pg_temp.lines() returns pricing.basket_line[] language sql as $$
  select array[row(1, 1, sid, lamp, p, array[root, c], 3, 1000, null, null, '{"size": "L"}', null, null, null, null, null)::pricing.basket_line] from f $$;
create function pg_temp.holds(p_tree text, p_scope text default 'BASKET', p_basket pricing.basket default
  row(1, null, 'USD', '{SAVE10}', 'DE', '{vip}', 3), p_at timestamptz default '2026-11-25 22:30Z') returns boolean language sql as $$
  select jsonb_path_match(case p_scope when 'LINE' then l.facts[1]
           else pricing._basket_facts(p_basket, null, pg_temp.lines(), l.facts, p_at) end,
         pricing._compile_condition(pg_temp.tree(p_tree), p_scope, 'condition'))
  from (select pricing._line_facts(pg_temp.lines()) as facts) as l $$;
-- Whether a tree is refused with this code at this field.
create function pg_temp.refused(p_tree text, p_scope text, p_field text, p_code text default 'pricing.condition_invalid')
returns text language plpgsql as $$
declare
  v_column text; v_message text; v_state text; v_hint text;
begin
  perform pricing._compile_condition(pg_temp.tree(p_tree), p_scope, 'condition');
  return is('accepted', p_code || ' ' || p_field, p_tree);
exception when others then
  get stacked diagnostics v_column = column_name, v_message = message_text, v_state = returned_sqlstate, v_hint = pg_exception_hint;
  return is(concat_ws(' ', v_state, v_message, v_column, (v_hint <> '')::text), concat_ws(' ', 'MK422', p_code, p_field, 'true'), p_tree);
end $$;

select is(pricing._compile_condition(null, 'BASKET', 'condition')::text, null, 'no tree, no path');
select is(pricing._compile_condition('null', 'BASKET', 'condition')::text, null, 'null is no tree');

-- every leaf in every scope: held and not held
select is(pg_temp.holds(t.tree, t.scope), t.holds, t.scope || ' ' || t.tree) from (values
  ('{"category": ["@root"]}', 'BASKET', true),
  ('{"category": ["@root"]}', 'LINE', true), ('{"product": ["@p"]}', 'BASKET', true), ('{"product": ["@p"]}', 'LINE', true),
  ('{"variant": ["@v"]}', 'BASKET', true), ('{"variant": ["@v"]}', 'LINE', true),
  ('{"seller": ["@s"]}', 'BASKET', true), ('{"seller": ["@s"]}', 'LINE', true),
  ('{"attribute": {"code": "color", "in": ["blue", "red"]}}', 'BASKET', true), ('{"attribute": {"code": "color", "in": ["blue"]}}', 'LINE', false),
  ('{"attribute": {"code": "tags", "in": ["eco"]}}', 'LINE', true), ('{"attribute": {"code": "size", "in": ["L"]}}', 'LINE', true),
  ('{"attribute": {"code": "size", "in": [1, true]}}', 'LINE', false),
  ('{"unitPrice": {"min": 1000, "max": 1000}}', 'LINE', true), ('{"unitPrice": {"min": 1001}}', 'LINE', false),
  ('{"subtotal": {"min": 3000, "max": 3000}}', 'BASKET', true), ('{"subtotal": {"min": 3001}}', 'BASKET', false),
  ('{"subtotal": {"max": 2999}}', 'BASKET', false), ('{"quantity": {"min": 3}}', 'BASKET', true), ('{"quantity": {"max": 2}}', 'BASKET', false),
  ('{"currency": ["EUR", "USD"]}', 'BASKET', true), ('{"currency": ["EUR"]}', 'BASKET', false),
  ('{"segment": ["vip"]}', 'BASKET', true),
  ('{"orderNumber": {"max": 1}}', 'BASKET', false), ('{"orderNumber": {"every": 3}}', 'BASKET', true), ('{"orderNumber": {"min": 4, "every": 3}}', 'BASKET', false),
  ('{"weekday": [3]}', 'BASKET', true), ('{"weekday": [1, 2, 4]}', 'BASKET', false),
  ('{"time": {"from": "22:30", "until": "23:00"}}', 'BASKET', true), ('{"time": {"from": "21:00", "until": "22:30"}}', 'BASKET', false),
  ('{"time": {"from": "22:00", "until": "06:00"}}', 'BASKET', true), ('{"time": {"from": "23:00", "until": "06:00"}}', 'BASKET', false),
  ('{"time": {"from": "22:00", "until": "24:00"}}', 'BASKET', true),
  ('{"coupon": ["save10"]}', 'BASKET', true), ('{"coupon": ["SAVE20"]}', 'BASKET', false),
  ('{"country": ["AT", "DE"]}', 'BASKET', true), ('{"country": ["AT"]}', 'BASKET', false),
  ('{"all": [{"quantity": {"min": 3}}, {"subtotal": {"min": 3001}}]}', 'BASKET', false),
  ('{"any": [{"quantity": {"min": 4}}, {"subtotal": {"min": 3000}}]}', 'BASKET', true),
  ('{"not": {"any": [{"quantity": {"min": 4}}, {"not": {"subtotal": {"min": 3000}}}]}}', 'BASKET', true)) as t (tree, scope, holds);
insert into catalog.categories (category_id, path, name, slug, created_at, updated_at)
select other, array[other], 'Other', 'other', core.now(), core.now() from f;
select ok(pg_temp.holds('{"category": ["@other", "@c"]}'), 'one of several categories is enough');
select ok(not pg_temp.holds('{"category": ["@other"]}'), 'a category that no line is in');
-- what is not known does not hold, and its opposite does
select ok(not pg_temp.holds(t.tree, 'BASKET', row(1, null, 'USD', null, null, null, null)), 'unknown: ' || t.tree)
from unnest('{"{\"segment\": [\"vip\"]}","{\"orderNumber\": {\"max\": 1}}","{\"country\": [\"DE\"]}","{\"coupon\": [\"SAVE10\"]}"}'::text[]) as t (tree);
select ok(pg_temp.holds('{"not": {"segment": ["vip"]}}', 'BASKET', row(1, null, 'USD', null, null, null, null)), 'not of an unknown fact holds');

-- malformed trees, each with the node at fault
select pg_temp.refused('[]', 'BASKET', 'condition');
select pg_temp.refused('{}', 'BASKET', 'condition');
select pg_temp.refused('{"all": [{"quantity": {"min": 1}}], "any": []}', 'BASKET', 'condition');
select pg_temp.refused('{"all": []}', 'BASKET', 'condition/all');
select pg_temp.refused('{"any": {"quantity": {"min": 1}}}', 'BASKET', 'condition/any');
select pg_temp.refused('{"any": [{"quantity": {"min": 1}}, 7]}', 'BASKET', 'condition/any/1');
select pg_temp.refused('{"not": [{"quantity": {"min": 1}}]}', 'BASKET', 'condition/not');
select pg_temp.refused('{"moon": ["full"]}', 'BASKET', 'condition/moon');
select pg_temp.refused('{"unitPrice": {"min": 1}}', 'BASKET', 'condition/unitPrice');
select pg_temp.refused('{"not": {"country": ["DE"]}}', 'LINE', 'condition/not/country');
select pg_temp.refused('{"all": [{"subtotal": {"min": 1.5}}]}', 'BASKET', 'condition/all/0/subtotal/min');
select pg_temp.refused('{"subtotal": {"max": "5"}}', 'BASKET', 'condition/subtotal/max');
select pg_temp.refused('{"subtotal": {}}', 'BASKET', 'condition/subtotal');
select pg_temp.refused('{"subtotal": {"min": 5, "max": 4}}', 'BASKET', 'condition/subtotal/max');
select pg_temp.refused('{"quantity": {"every": 2}}', 'BASKET', 'condition/quantity/every');
select pg_temp.refused('{"orderNumber": {"every": 1}}', 'BASKET', 'condition/orderNumber/every');
select pg_temp.refused('{"product": []}', 'BASKET', 'condition/product');
select pg_temp.refused('{"product": ["@p", "lamp"]}', 'LINE', 'condition/product/1');
select pg_temp.refused('{"product": ["@c"]}', 'LINE', 'condition/product/0', 'pricing.product_unknown');
select pg_temp.refused('{"category": ["@p"]}', 'LINE', 'condition/category/0', 'pricing.category_unknown');
select pg_temp.refused('{"variant": ["@p"]}', 'LINE', 'condition/variant/0', 'pricing.variant_unknown');
select pg_temp.refused('{"seller": ["@v", "@s"]}', 'BASKET', 'condition/seller/0', 'pricing.seller_unknown');
select pg_temp.refused('{"attribute": {"code": "mood", "in": ["good"]}}', 'LINE', 'condition/attribute/code', 'pricing.attribute_unknown');
select pg_temp.refused('{"attribute": {"code": "color", "in": ["red", null]}}', 'LINE', 'condition/attribute/in/1');
select pg_temp.refused('{"attribute": {"code": "color"}}', 'LINE', 'condition/attribute/in');
select pg_temp.refused('{"attribute": {"code": "color", "in": ["red"], "x": 1}}', 'LINE', 'condition/attribute/x');
select pg_temp.refused('{"segment": ["nobody"]}', 'BASKET', 'condition/segment/0', 'pricing.group_unknown');
select pg_temp.refused('{"weekday": [1, 8]}', 'BASKET', 'condition/weekday/1');
select pg_temp.refused('{"country": ["de"]}', 'BASKET', 'condition/country/0');
select pg_temp.refused('{"currency": "USD"}', 'BASKET', 'condition/currency');
select pg_temp.refused('{"coupon": ["a\"b"]}', 'BASKET', 'condition/coupon/0');
select pg_temp.refused('{"time": {"from": "8:00", "until": "09:00"}}', 'BASKET', 'condition/time/from');
select pg_temp.refused('{"time": {"from": "08:00"}}', 'BASKET', 'condition/time/until');
select pg_temp.refused('{"time": {"from": "08:00", "until": "08:00"}}', 'BASKET', 'condition/time/until');
-- too deep, too many
select pg_temp.refused(repeat('{"not": ', 8) || '{"quantity": {"min": 1}}' || repeat('}', 8), 'BASKET', 'condition' || repeat('/not', 8));
select lives_ok($$ select pg_temp.holds(repeat('{"not": ', 7) || '{"quantity": {"min": 1}}' || repeat('}', 7)) $$, 'eight levels are not too deep');
select pg_temp.refused(format('{"all": [%s]}', array_to_string(array_fill('{"quantity": {"min": 1}}'::text, array[21]), ',')), 'BASKET', 'condition/all');
select pg_temp.refused(format('{"all": [%s]}', array_to_string(array_fill(format('{"all": [%s]}',
  array_to_string(array_fill('{"quantity": {"min": 1}}'::text, array[20]), ','))::text, array[5]), ',')), 'BASKET', 'condition');

select * from finish();
rollback;
