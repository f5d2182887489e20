-- Every type with every target, and each of those that go together with every kind of condition: taken and activated, or refused with
-- a pointer to what is wrong.
begin;
select plan(875);
create temporary table f as
select test.admin() as admin, test.seller_id(test.seller('sam')) as sid;
alter table f add lamp uuid, add product uuid, add category uuid;
update f set lamp = test.offer(sid, 1000, 50);
update f set product = v.product_id, category = p.category_id
from catalog.variants as v join catalog.products as p using (product_id) where v.variant_id = lamp;
select test.attribute('{"code": "material", "type": "text"}');
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) values ('vip', 'Good customers', core.now(), core.now());

-- What becomes of a document: the status once activated, or why and where it was refused.
create function pg_temp.outcome(p_document jsonb) returns text language plpgsql as $$
declare
  v_status text; v_message text; v_column text; v_hint text; v_detail text;
begin
  select a.status into v_status
  from f, pricing.create_promotion(test.ctx(admin), '{"name": "A promotion"}' || p_document) as p,
       pricing.activate_promotion(test.ctx(admin), p.promotion_id) as a;
  return v_status;
exception when sqlstate 'MK422' then
  get stacked diagnostics v_message = message_text, v_column = column_name, v_hint = pg_exception_hint, v_detail = pg_exception_detail;
  return concat_ws(' ', v_message, v_column, case when v_hint = '' or v_detail = '' then 'without a word' end);
end $$;

-- A value for each type, and the targets that go with it.
create temporary table types (type text, targets text[], document jsonb);
insert into types
select t.type, t.targets::text[], jsonb_build_object('type', t.type) || t.document
from f, lateral (values
  ('PERCENTAGE', '{ORDER,LINES,UNITS,SHIPPING}', '{"percentBp": 1000}'::jsonb),
  ('FIXED_AMOUNT', '{ORDER,LINES,UNITS,SHIPPING}', '{"amount": {"amountMinor": 500, "currency": "USD"}}'),
  ('FIXED_PRICE', '{LINES,UNITS}', '{"price": {"amountMinor": 500, "currency": "USD"}}'),
  ('BUY_X_GET_Y', '{LINES}', '{"buyQuantity": 2, "getQuantity": 1, "percentBp": 10000}'),
  ('TIERED', '{ORDER,LINES}', '{"tierBy": "SPEND", "currency": "USD", "tiers": [{"from": 1000, "percentBp": 500}, {"from": 5000, "amountMinor": 400}]}'),
  ('BUNDLE', '{LINES}', jsonb_build_object('price', '{"amountMinor": 1500, "currency": "USD"}'::jsonb,
                                           'bundle', jsonb_build_array(jsonb_build_object('quantity', 2, 'productIds', jsonb_build_array(product))))),
  ('FREE_SHIPPING', '{SHIPPING}', '{}'),
  ('GIFT', '{LINES}', jsonb_build_object('gift', jsonb_build_object('variantId', lamp)))) as t (type, targets, document);
create temporary table targets as
select t.target, case t.target when 'UNITS' then '{"target": "UNITS", "unitPick": "DEAREST", "unitCount": 2}'::jsonb
                               else jsonb_build_object('target', t.target) end as document
from unnest('{ORDER,LINES,UNITS,SHIPPING}'::text[]) as t (target);

select is(pg_temp.outcome(a.document || b.document),
          case when b.target = any (a.targets) then 'ACTIVE' else 'pricing.promotion_invalid target' end, a.type || ' on ' || b.target)
from types as a cross join targets as b
order by a.type, b.target;

-- Every kind of condition, well-formed and not, on the basket and on lines.
create temporary table leaves (leaf text, of_basket boolean, of_line boolean, good jsonb, bad jsonb, bad_at text);
insert into leaves
select l.leaf, l.of_basket, l.of_line, jsonb_build_object(l.leaf, l.good), jsonb_build_object(l.leaf, l.bad), l.bad_at
from f, lateral (values
  ('category', true, true, jsonb_build_array(category), '[]'::jsonb, 'category'),
  ('product', true, true, jsonb_build_array(product), '["lamp"]', 'product/0'),
  ('variant', true, true, jsonb_build_array(lamp), '"lamp"', 'variant'),
  ('seller', true, true, jsonb_build_array(sid), '[1]', 'seller/0'),
  ('attribute', true, true, '{"code": "material", "in": ["wool"]}', '{"code": "material", "in": []}', 'attribute/in'),
  ('unitPrice', false, true, '{"min": 100, "max": 5000}', '{"min": -1}', 'unitPrice/min'),
  ('subtotal', true, false, '{"min": 100}', '{"min": 1.5}', 'subtotal/min'),
  ('quantity', true, false, '{"max": 9}', '{"max": "9"}', 'quantity/max'),
  ('currency', true, false, '["USD"]', '["usd"]', 'currency/0'),
  ('segment', true, false, '["vip"]', '{"in": ["vip"]}', 'segment'),
  ('orderNumber', true, false, '{"max": 1}', '{"every": 0}', 'orderNumber/every'),
  ('weekday', true, false, '[6, 7]', '[0]', 'weekday/0'),
  ('time', true, false, '{"from": "22:00", "until": "06:00"}', '{"from": "22:00", "until": "6"}', 'time/until'),
  ('coupon', true, false, '["WELCOME"]', '[""]', 'coupon/0'),
  ('country', true, false, '["DE"]', '["Germany"]', 'country/0')) as l (leaf, of_basket, of_line, good, bad, bad_at);
-- Nodes hold any of them; the pointer leads through the tree.
create temporary table conditions as
select l.leaf, l.of_basket, l.of_line, l.good, l.bad, l.bad_at from leaves as l
union all
select 'all', true, true, jsonb_build_object('all', jsonb_build_array(l.good)), jsonb_build_object('all', jsonb_build_array(l.good, l.bad)),
       'all/1/category'
from leaves as l where l.leaf = 'category'
union all
select 'any', true, true, jsonb_build_object('any', jsonb_build_array(l.good)), '{"any": []}', 'any' from leaves as l where l.leaf = 'seller'
union all
select 'not', true, true, jsonb_build_object('not', l.good), jsonb_build_object('not', l.bad), 'not/product/0'
from leaves as l where l.leaf = 'product';
create temporary table combinations as
select a.type || ' on ' || b.target as name, a.document || b.document as document
from types as a join targets as b on b.target = any (a.targets);

select is(pg_temp.outcome(c.document || jsonb_build_object('condition', l.good)),
          case when l.of_basket then 'ACTIVE' else 'pricing.condition_invalid condition/' || l.leaf end, c.name || ' for baskets with ' || l.leaf)
from combinations as c cross join conditions as l
order by c.name, l.leaf;
select is(pg_temp.outcome(c.document || jsonb_build_object('lineCondition', l.good)),
          case when l.of_line then 'ACTIVE' else 'pricing.condition_invalid lineCondition/' || l.leaf end, c.name || ' for lines with ' || l.leaf)
from combinations as c cross join conditions as l
order by c.name, l.leaf;
select is(pg_temp.outcome(c.document || case when l.of_basket then jsonb_build_object('condition', l.bad) else jsonb_build_object('lineCondition', l.bad) end),
          'pricing.condition_invalid ' || case when l.of_basket then 'condition/' else 'lineCondition/' end || l.bad_at,
          c.name || ' is refused with ' || l.bad::text)
from combinations as c cross join conditions as l
where l.leaf not in ('all', 'any') or c.name like 'PERCENTAGE%'
order by c.name, l.leaf;

-- A gift is given whole.
select is(pg_temp.outcome(t.document || '{"target": "LINES"}' || g.patch), 'pricing.promotion_invalid ' || g.field, 'a gift takes no ' || g.field)
from types as t, (values
  ('{"maxPerOrder": {"amountMinor": 5, "currency": "USD"}}'::jsonb, 'maxPerOrder'), ('{"maxPerLine": {"amountMinor": 5, "currency": "USD"}}', 'maxPerLine'),
  ('{"floorBp": 5}', 'floorBp')) as g (patch, field)
where t.type = 'GIFT';

select * from finish();
rollback;
