-- An active promotion in one line: the document of the API, made and activated by an administrator.
create or replace function test.promotion(p_document jsonb) returns uuid
language sql
as $$
  select a.promotion_id
  from pricing.create_promotion(
         test.ctx(test.admin()),
         '{"name": "A promotion", "type": "PERCENTAGE", "target": "ORDER"}'
           || case when p_document ->> 'type' in ('FIXED_AMOUNT', 'FREE_SHIPPING') then '{}' else '{"percentBp": 1000}'::jsonb end
           || p_document) as p,
       pricing.activate_promotion(test.ctx(test.admin()), p.promotion_id) as a
$$;

-- A line of a basket to be priced, of a product in a category path.
create or replace function test.basket_line(
  p_line_no integer, p_seller_id uuid, p_product_id uuid, p_path uuid[], p_quantity integer, p_price_minor bigint,
  p_basket_no integer default 1
) returns pricing.basket_line
language sql
as $$
  select row(p_basket_no, p_line_no, p_seller_id, p_product_id, p_product_id, p_path, p_quantity, p_price_minor,
             null, null, null, null, null, null, null, null)::pricing.basket_line
$$;

-- What promotions take off a basket, as readable text: 'L1 100, L2 50, S 490' in the order of acting.
create or replace function test.discounts(
  p_lines pricing.basket_line[], variadic p_coupon_codes text[] default '{}'
) returns text
language sql
as $$
  with basket as (select array[row(1, null, 'USD', p_coupon_codes, null, null, null)::pricing.basket] as b)
  select coalesce(string_agg(coalesce('L' || a.line_no, 'S') || ' ' || a.amount_minor, ', ' order by a.ordinality), 'nothing')
  from basket,
       pricing._apply_promotions(basket.b, p_lines, array(select s from pricing._shipping_fees(p_lines, basket.b) as s),
                                 '{}', core.now()) with ordinality as a
$$;
