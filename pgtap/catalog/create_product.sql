begin;
select plan(43);

create function pg_temp.make(p_title text, p_attributes jsonb default '{}', p_slug text default null, p_user uuid default test.seller('sam'),
                             p_category uuid default test.shirts(), p_description text default '')
returns setof catalog.product language sql as $$
  select * from catalog.create_product(test.ctx(p_user), p_category, p_title, p_slug, p_description, p_attributes);
$$;
select test.shirts(), test.seller('sam');
-- allowed
select results_eq($$ select title, slug, status, version, attributes, variants, price_from_minor, seller_id from pg_temp.make('  Linen Shirt, blue ') $$,
  $$ values ('Linen Shirt, blue', 'linen-shirt-blue', 'DRAFT', 1, '{}'::jsonb, '[]'::jsonb, null::bigint, test.seller_id(test.seller('sam'))) $$,
  'a draft of the caller''s store; it may lack required attributes');
select is((select slug from pg_temp.make('Linen shirt blue')), 'linen-shirt-blue-2', 'a second one of the title');
select is((select slug from pg_temp.make('Linen shirt blue', '{}', 'my-shirt')), 'my-shirt', 'a slug of one''s own');
select is((select slug from pg_temp.make('ЛЬНЯНАЯ')), 'product', 'a title without Latin letters');
select is((select attributes from pg_temp.make('Full', '{"material": "linen", "weight": 12.5, "tags": ["new", "eco"], "organic": true, "since": "2024-02-29", "color": "red"}')) ->> 'since',
  '2024-02-29', 'a value of every type');
select is(test.events_of((select product_id from catalog.products where slug = 'my-shirt')), '{catalog.product_created}', 'an event');
select is((select audience from events.staging where aggregate_id = (select product_id from catalog.products where slug = 'my-shirt')),
  array[test.seller_id(test.seller('sam'))], 'that the store may see');
-- refused: fields
select throws_ok($$ select pg_temp.make('ab') $$, 'MK422', 'catalog.title_invalid', 'a short title');
select throws_ok($$ select pg_temp.make(repeat('x', 201)) $$, 'MK422', 'catalog.title_invalid', 'a long title');
select throws_ok($$ select pg_temp.make(null) $$, 'MK422', 'catalog.title_invalid', 'no title');
select throws_ok($$ select pg_temp.make('Shirt', '{}', null, test.seller('sam'), test.shirts(), repeat('x', 20001)) $$, 'MK422', 'catalog.description_invalid', 'a long description');
select throws_ok($$ select pg_temp.make('Shirt', '[]') $$, 'MK422', 'catalog.attributes_invalid', 'attributes that are no object');
select throws_ok($$ select pg_temp.make('Shirt', '{}', 'Not A Slug') $$, 'MK422', 'catalog.slug_invalid', 'a slug that is none');
select throws_ok($$ select pg_temp.make('Shirt', '{}', 'my-shirt') $$, 'MK409', 'catalog.slug_taken', 'a slug that is taken');
select throws_ok($$ select pg_temp.make('Shirt', '{}', null, test.seller('sam'), core.new_id()) $$, 'MK422', 'catalog.category_unknown', 'an unknown category');
-- refused: attribute values
select throws_ok(format('select pg_temp.make(%L, %L)', 'Shirt', v.attributes), 'MK422', 'catalog.' || v.code, v.code || ': ' || left(v.attributes, 60))
  from (values
    ('{"shoe": 1}', 'attribute_unknown'), ('{"material": 5}', 'attribute_type_mismatch'), ('{"material": null}', 'attribute_type_mismatch'),
    ('{"material": ["linen"]}', 'attribute_type_mismatch'), ('{"material": ""}', 'attribute_out_of_range'),
    ('{"material": "123456789012345678901"}', 'attribute_out_of_range'), ('{"weight": "12"}', 'attribute_type_mismatch'),
    ('{"weight": 0.5}', 'attribute_out_of_range'), ('{"weight": 1000.1}', 'attribute_out_of_range'),
    ('{"weight": 1.1234567}', 'attribute_out_of_range'), ('{"weight": 1e200}', 'attribute_out_of_range'),
    ('{"organic": "true"}', 'attribute_type_mismatch'), ('{"color": "pink"}', 'attribute_option_unknown'),
    ('{"color": ["red"]}', 'attribute_type_mismatch'), ('{"tags": "new"}', 'attribute_type_mismatch'), ('{"tags": [1]}', 'attribute_type_mismatch'),
    ('{"tags": ["old"]}', 'attribute_option_unknown'), ('{"tags": ["new", "new"]}', 'attribute_option_repeated'),
    ('{"since": "yesterday"}', 'attribute_type_mismatch'), ('{"since": "2023-02-29"}', 'attribute_type_mismatch'),
    ('{"since": "2024-13-01"}', 'attribute_type_mismatch'), ('{"since": "2024-1-1"}', 'attribute_type_mismatch'),
    ('{"since": 20240101}', 'attribute_type_mismatch')) as v (attributes, code);
select lives_ok($$ select pg_temp.make('Shirt', '{"tags": [], "weight": 1000, "since": "2000-02-29"}') $$, 'the edges are allowed');
-- not yours
select throws_ok($$ select pg_temp.make('Shirt', '{}', null, test.buyer('ben')) $$, 'MK403', 'identity.role_required', 'a buyer may not');
select throws_ok($$ select pg_temp.make('Shirt', '{}', null, test.admin()) $$, 'MK403', 'identity.role_required', 'an administrator has no store');
select throws_ok($$ select pg_temp.make('Shirt', '{}', null, null) $$, 'MK401', 'identity.unauthenticated', 'nobody may not');
update identity.sellers set status = 'SUSPENDED' where seller_id = test.seller_id(test.seller('sam'));
select throws_ok($$ select pg_temp.make('Shirt') $$, 'MK403', 'identity.seller_inactive', 'a suspended store may not');

select * from finish();
rollback;
