-- Fixtures of the payments tests: people, offers with stock, orders placed by the real function.
create or replace function test.pay_user(p_role text) returns uuid
language plpgsql
as $$
declare
  v_user_id constant uuid := core.new_id();
begin
  insert into identity.users (user_id, email, password_hash, display_name, role, created_at, updated_at)
  values (v_user_id, v_user_id || '@example.test', 'x', 'Somebody', p_role, core.now(), core.now());
  return v_user_id;
end;
$$;

create or replace function test.pay_ctx(p_actor_id uuid, p_key text default null) returns core.call_context
language sql
as $$
  select row(p_actor_id, null, 'test', null, p_key)::core.call_context
$$;

create or replace function test.pay_seller() returns uuid
language plpgsql
as $$
declare
  v_seller_id constant uuid := core.new_id();
begin
  insert into identity.sellers (seller_id, store_name, slug, created_at, updated_at)
  values (v_seller_id, 'A store', 's-' || v_seller_id, core.now(), core.now());
  return v_seller_id;
end;
$$;

-- A variant on sale with stock and a commission of its seller.
create or replace function test.pay_offer(p_seller_id uuid, p_price_minor bigint, p_stock integer) returns uuid
language plpgsql
as $$
declare
  v_category_id constant uuid := core.new_id();
  v_product_id constant uuid := core.new_id();
  v_variant_id constant uuid := core.new_id();
  v_status text;
begin
  insert into catalog.categories (category_id, path, name, slug, created_at, updated_at)
  values (v_category_id, array[v_category_id], 'Things', 'c-' || v_category_id, core.now(), core.now());
  insert into catalog.products (product_id, seller_id, category_id, title, slug, created_at, updated_at)
  values (v_product_id, p_seller_id, v_category_id, 'A thing', 'p-' || v_product_id, core.now(), core.now());
  foreach v_status in array array['PENDING_APPROVAL', 'APPROVED', 'ACTIVE'] loop
    update catalog.products set status = v_status where product_id = v_product_id;
  end loop;
  insert into catalog.variants (variant_id, product_id, created_at, updated_at)
  values (v_variant_id, v_product_id, core.now(), core.now());
  insert into catalog.offers (seller_id, variant_id, sku, price_minor, currency, created_at, updated_at)
  values (p_seller_id, v_variant_id, 'sku-' || v_variant_id, p_price_minor, 'USD', core.now(), core.now());
  insert into inventory.stock_levels (seller_id, variant_id, on_hand, low_stock_threshold, is_low, updated_at)
  values (p_seller_id, v_variant_id, p_stock, 0, p_stock = 0, core.now());
  if p_stock > 0 then
    insert into inventory.movements
      (seller_id, movement_id, variant_id, kind, quantity_delta, on_hand_after, created_at)
    values (p_seller_id, core.new_id(), v_variant_id, 'SET', p_stock, p_stock, core.now());
  end if;
  return v_variant_id;
end;
$$;

create or replace function test.pay_order(p_buyer_id uuid, variadic p_variant_ids uuid[]) returns uuid
language plpgsql
as $$
declare
  v_order orders.placed_order;
begin
  select o.* into v_order
    from orders.place_orders(jsonb_build_array(jsonb_build_object(
           'actorId', p_buyer_id, 'idempotencyKey', core.new_id(), 'currency', 'USD', 'couponCodes', '[]'::jsonb,
           'shippingAddress', '{"name": "A", "line1": "B", "city": "C", "countryCode": "DE"}'::jsonb,
           'lines', (select jsonb_agg(jsonb_build_object('variantId', v, 'quantity', 1)) from unnest(p_variant_ids) as v)))) as o;
  if v_order.problem_code is not null then
    raise exception 'the fixture order was refused: % %', v_order.problem_code, v_order.problem_detail;
  end if;
  return v_order.order_id;
end;
$$;

create or replace function test.pay_start(p_order_id uuid, p_token text default 'tok_success') returns uuid
language sql
as $$
  select s.payment_id
    from orders.orders as o
   cross join payments.start_payment(test.pay_ctx(o.buyer_id, core.new_id()::text), o.order_id, 'sandbox', p_token) as s
   where o.order_id = p_order_id
$$;

-- One request for confirm_payments, as the program sends it after it has asked the provider.
create or replace function test.pay_request(
  p_payment_id uuid, p_success boolean default true, p_key text default null, p_actor_id uuid default null
) returns jsonb
language sql
as $$
  select jsonb_build_object(
           'actorId', coalesce(p_actor_id, p.buyer_id), 'sessionId', null, 'requestId', 'test',
           'idempotencyKey', coalesce(p_key, core.new_id()::text), 'orderId', p.order_id,
           'body', jsonb_build_object('paymentId', p.payment_id),
           'settlement', jsonb_build_object(
             'paymentId', p.payment_id, 'amountMinor', p.amount_minor, 'currency', p.currency, 'isSuccess', p_success,
             'failureCode', case when not p_success then 'insufficient_funds' end, 'providerReference', 'ref_1'))
    from payments.payments as p
   where p.payment_id = p_payment_id
$$;

create or replace function test.pay_confirm(p_payment_id uuid, p_success boolean default true)
returns payments.confirmation
language sql
as $$
  select c from payments.confirm_payments(jsonb_build_array(test.pay_request(p_payment_id, p_success))) as c
$$;

-- Numbers what was appended so far and lets payments react to it.
create or replace function test.pay_react() returns integer
language plpgsql
as $$
begin
  while exists (select 1 from events.staging) loop
    perform events.sequence();
  end loop;
  return payments.react_to_orders(100);
end;
$$;

-- Takes an order to DELIVERED without its sellers, along the state machine.
create or replace function test.pay_deliver(p_order_id uuid) returns void
language plpgsql
as $$
declare
  v_action text;
begin
  foreach v_action in array array['accept', 'ship', 'deliver'] loop
    perform orders._transition(
      array[row(p_order_id, v_action, 'SELLER', null, null, null, null)::orders.transition_request], core.now());
  end loop;
end;
$$;

create or replace function test.pay_clock(p_offset interval) returns void
language sql
as $$
  update core.clock set clock_offset = p_offset
$$;
