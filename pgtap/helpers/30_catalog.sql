-- The catalogue in one line each: a category with an attribute of every type, products in any status, made by the public
-- functions as the people who may.
-- Remembers an id under a name until the end of the transaction; test.kept('name') answers it.
create or replace function test.keep(p_name text, p_id uuid) returns uuid
language sql
as $$
  select set_config('test.' || p_name, p_id::text, true)::uuid;
$$;

create or replace function test.kept(p_name text) returns uuid
language sql
as $$
  select current_setting('test.' || p_name)::uuid;
$$;

create or replace function test.category(p_name text, p_parent_id uuid default null) returns uuid
language sql
as $$
  select c.category_id from catalog.create_category(test.ctx(test.admin()), p_parent_id, p_name, null, 0) as c;
$$;

-- Defines an attribute and links it to a category, if one is named.
create or replace function test.attribute(p_definition jsonb, p_category_id uuid default null) returns uuid
language plpgsql
as $$
declare
  v_id uuid;
begin
  select a.attribute_id into v_id
    from catalog.create_attribute(test.ctx(test.admin()), '{"name": "Attribute"}' || p_definition) as a;
  if p_category_id is not null then
    perform catalog.link_attribute(test.ctx(test.admin()), p_category_id, v_id);
  end if;
  return v_id;
end
$$;

-- Clothing (material required, brand) with Shirts below it (axes color and size, weight, tags, organic, since).
-- Answers Shirts; made when first named.
create or replace function test.shirts() returns uuid
language plpgsql
as $$
declare
  v_id uuid;
  v_root uuid;
begin
  select c.category_id into v_id from catalog.categories as c where c.slug = 'shirts';
  if v_id is null then
    v_root := test.category('Clothing');
    v_id := test.category('Shirts', v_root);
    perform test.attribute('{"code": "material", "type": "text", "required": true, "max": 20}', v_root);
    perform test.attribute('{"code": "color", "type": "select", "options": ["red", "blue", "green"], "isVariantAxis": true}', v_id);
    perform test.attribute('{"code": "size", "type": "select", "options": ["S", "M", "L"], "isVariantAxis": true}', v_id);
    perform test.attribute('{"code": "weight", "type": "number", "unit": "g", "min": 1, "max": 1000}', v_id);
    perform test.attribute('{"code": "tags", "type": "multiselect", "options": ["new", "sale", "eco"]}', v_id);
    perform test.attribute('{"code": "organic", "type": "boolean"}', v_id);
    perform test.attribute('{"code": "since", "type": "date"}', v_id);
  end if;
  return v_id;
end
$$;

-- A draft in Shirts, complete but without a variant. Answers the product.
create or replace function test.draft(p_user_id uuid, p_title text default 'Linen shirt') returns uuid
language sql
as $$
  select p.product_id
    from catalog.create_product(test.ctx(p_user_id), test.shirts(), p_title, null, 'Woven.', '{"material": "linen"}') as p;
$$;

-- A variant with its offer in USD. Answers the variant.
create or replace function test.variant(
  p_user_id uuid, p_product_id uuid, p_sku text, p_price_minor bigint default 1000, p_axis_values jsonb default '{}')
returns uuid
language sql
as $$
  select v.variant_id
    from catalog.create_variants(test.ctx(p_user_id), p_product_id,
           jsonb_build_object('sku', p_sku, 'axisValues', p_axis_values,
                              'price', jsonb_build_object('amountMinor', p_price_minor, 'currency', 'USD'))) as v;
$$;

create or replace function test.version(p_product_id uuid) returns integer
language sql
as $$
  select p.version from catalog.products as p where p.product_id = p_product_id;
$$;

create or replace function test.product_status(p_product_id uuid) returns text
language sql
as $$
  select p.status from catalog.products as p where p.product_id = p_product_id;
$$;

-- A product with one variant, brought to a status by those who may. Answers the product.
create or replace function test.product(p_user_id uuid, p_status text, p_title text default 'Linen shirt') returns uuid
language plpgsql
as $$
declare
  v_id constant uuid := test.draft(p_user_id, p_title);
begin
  perform test.variant(p_user_id, v_id, 'SKU-' || right(v_id::text, 12));
  if p_status in ('PENDING_APPROVAL', 'APPROVED', 'REJECTED', 'ACTIVE', 'INACTIVE') then
    perform catalog.submit_product(test.ctx(p_user_id), v_id);
  end if;
  if p_status in ('APPROVED', 'ACTIVE', 'INACTIVE') then
    perform catalog.review_product(test.ctx(test.admin()), v_id, 'APPROVE', null, test.version(v_id));
  elsif p_status = 'REJECTED' then
    perform catalog.review_product(test.ctx(test.admin()), v_id, 'REJECT', 'Not like this.', test.version(v_id));
  elsif p_status = 'ARCHIVED' then
    perform catalog.archive_product(test.ctx(p_user_id), v_id);
  end if;
  if p_status in ('ACTIVE', 'INACTIVE') then
    perform catalog.activate_product(test.ctx(p_user_id), v_id);
  end if;
  if p_status = 'INACTIVE' then
    perform catalog.deactivate_product(test.ctx(p_user_id), v_id);
  end if;
  return v_id;
end
$$;

-- The types of the events about one aggregate so far, in their order.
create or replace function test.events_of(p_aggregate_id uuid) returns text[]
language sql
as $$
  select array_agg(s.type order by s.staging_id) from events.staging as s where s.aggregate_id = p_aggregate_id;
$$;
