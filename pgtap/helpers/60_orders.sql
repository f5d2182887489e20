-- Orders in one line each.
-- One request of a place_orders batch. Lines: {"<variant>": quantity, …} in key order.
create or replace function test.placing(
  p_buyer_id uuid, p_lines jsonb, p_key text default null, p_coupons text[] default '{}', p_currency text default 'USD'
) returns jsonb
language sql
as $$
  select jsonb_build_object(
    'actorId', p_buyer_id, 'requestId', 'test', 'idempotencyKey', coalesce(p_key, core.new_id()::text),
    'currency', p_currency, 'couponCodes', p_coupons,
    'shippingAddress', '{"name": "Ana", "line1": "1 Main Street", "city": "Springfield", "countryCode": "US"}'::jsonb,
    'lines', (select jsonb_agg(jsonb_build_object('variantId', l.key, 'quantity', l.value)) from jsonb_each(p_lines) as l))
$$;

-- An order of one line, placed; the id. Fails loudly when it is refused.
create or replace function test.order(p_buyer_id uuid, p_variant_id uuid, p_quantity integer default 1) returns uuid
language plpgsql
as $$
declare
  v_placed orders.placed_order;
begin
  select * into v_placed
  from orders.place_orders(jsonb_build_array(
    test.placing(p_buyer_id, jsonb_build_object(p_variant_id::text, p_quantity))));
  if v_placed.order_id is null then
    raise exception 'the order was refused: % %', v_placed.problem_code, v_placed.problem_detail;
  end if;
  return v_placed.order_id;
end
$$;

-- Pays an order the way a confirmed payment does, without a provider.
create or replace function test.pay(p_order_id uuid) returns void
language plpgsql
as $$
begin
  perform inventory._confirm_holds(array[p_order_id], core.now(), null);
  perform orders._transition(
    array[row(p_order_id, 'pay', 'SYSTEM', null, 'test', null, null)::orders.transition_request], core.now());
end
$$;

-- Stock of a variant as "on hand/reserved".
create or replace function test.stock(p_variant_id uuid) returns text
language sql
as $$
  select s.on_hand || '/' || s.reserved from inventory.stock_levels as s where s.variant_id = p_variant_id
$$;

create or replace function test.status(p_order_id uuid) returns text
language sql
as $$
  select o.status from orders.orders as o where o.order_id = p_order_id
$$;
