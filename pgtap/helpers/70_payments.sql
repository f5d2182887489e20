-- Fixtures of the payments tests, on top of people, offers and orders.
create or replace function test.pay_user(p_role text) returns uuid
language sql
as $$
  select test.person('p-' || core.new_id(), p_role)
$$;

create or replace function test.pay_seller() returns uuid
language sql
as $$
  select test.seller_id(test.seller('s-' || core.new_id()))
$$;

-- An order of one unit of each variant.
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

-- One request for start_payments, as the program sends it.
create or replace function test.pay_starting(
  p_actor_id uuid, p_order_id uuid, p_key text, p_token text default 'tok_success'
) returns jsonb
language sql
as $$
  select jsonb_build_object(
           'actorId', p_actor_id, 'sessionId', null, 'requestId', 'test', 'idempotencyKey', p_key, 'orderId', p_order_id,
           'provider', 'sandbox', 'token', p_token)
$$;

create or replace function test.pay_begin(
  p_actor_id uuid, p_order_id uuid, p_key text, p_token text default 'tok_success'
) returns payments.payment_start
language sql
as $$
  select s from payments.start_payments(jsonb_build_array(test.pay_starting(p_actor_id, p_order_id, p_key, p_token))) as s
$$;

create or replace function test.pay_start(p_order_id uuid, p_token text default 'tok_success') returns uuid
language sql
as $$
  select (test.pay_begin(o.buyer_id, o.order_id, core.new_id()::text, p_token)).payment_id
    from orders.orders as o
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
