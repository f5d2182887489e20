-- One of everything that can happen to stock, orders, payments and refunds, through the public functions; for tests that
-- fold the log. Answers the ids by name.
-- Stock that was set by its seller.
create or replace function test.stocked(p_seller_user_id uuid, p_price_minor bigint, p_stock integer) returns uuid
language plpgsql
as $$
declare
  v_seller_id constant uuid := test.seller_id(p_seller_user_id);
  v_variant_id constant uuid := test.offer(v_seller_id, p_price_minor, 0);
begin
  perform inventory.set_stock(test.ctx(p_seller_user_id), v_variant_id, v_seller_id, 1, 'SET', p_stock, 'delivery', 0);
  return v_variant_id;
end
$$;

create or replace function test.later(p_by interval) returns void
language sql
as $$
  update core.clock set clock_offset = clock_offset + p_by
$$;

-- Takes the seller's part of an order to this action through the seller's own functions.
create or replace function test.fulfil(p_order_id uuid, p_seller_user_id uuid, p_last text default 'deliver') returns void
language plpgsql
as $$
declare
  v_ctx constant core.call_context := test.ctx(p_seller_user_id);
  v_seller_id constant uuid := test.seller_id(p_seller_user_id);
begin
  perform orders.accept_fulfilment(v_ctx, p_order_id, v_seller_id);
  if p_last in ('ship', 'deliver') then
    perform orders.ship_fulfilment(v_ctx, p_order_id, v_seller_id, 'DHL', 'JD01');
  end if;
  if p_last = 'deliver' then
    perform orders.deliver_fulfilment(v_ctx, p_order_id, v_seller_id);
  end if;
end
$$;

create or replace function test.trade() returns jsonb
language plpgsql
as $$
declare
  v_ana constant uuid := test.buyer('ana');
  v_ben constant uuid := test.buyer('ben');
  v_admin constant uuid := test.admin();
  v_sam constant uuid := test.seller('sam');
  v_sue constant uuid := test.seller('sue');
  v_lamp constant uuid := test.stocked(v_sam, 1001, 50);
  v_rug constant uuid := test.stocked(v_sue, 2500, 50);
  v_last constant uuid := test.stocked(v_sam, 700, 1);
  v_one uuid;
  v_two uuid;
  v_id uuid;
  v_ids jsonb := jsonb_build_object('sam', test.seller_id(v_sam), 'sue', test.seller_id(v_sue), 'lamp', v_lamp, 'rug', v_rug);
begin
  perform pricing.set_shipping_rate(test.ctx(v_sue), 'USD', 0, 490, null);
  perform test.promotion('{"couponCode": "TENTH"}');
  perform test.promotion('{"couponCode": "ALL", "percentBp": 10000}');
  perform test.promotion('{"couponCode": "ALLSHIP", "type": "FREE_SHIPPING", "target": "SHIPPING"}');

  -- delivered by two sellers, completed, a part refunded, another refund fails
  select p.order_id into v_id from orders.place_orders(jsonb_build_array(
    test.placing(v_ana, jsonb_build_object(v_lamp::text, 2, v_rug::text, 1), p_coupons => array['TENTH']))) as p;
  v_ids := v_ids || jsonb_build_object('delivered', v_id);
  v_one := test.pay_start(v_id);
  perform test.later('1 minute'), test.pay_confirm(v_one);
  perform test.later('1 minute'), test.fulfil(v_id, v_sam);
  perform test.later('1 minute'), test.fulfil(v_id, v_sue);
  perform orders.complete_orders(100) from test.later('30 days');
  select r.refund_id into v_two from payments.request_refund(test.ctx(v_admin, 'r1'), v_id, 100, 'USD', 'scratched') as r;
  perform payments.finish_refund(v_two, 'SUCCEEDED', 'rf_1', null);
  v_ids := v_ids || jsonb_build_object('payment', v_one, 'refund', v_two);
  select r.refund_id into v_two from payments.request_refund(test.ctx(v_admin, 'r2'), v_id, 50, 'USD', 'late') as r;
  perform payments.finish_refund(v_two, 'FAILED', null, 'card_closed');

  -- one seller accepts in time, the other does not: its part alone is cancelled and refunded
  select p.order_id into v_id from orders.place_orders(jsonb_build_array(
    test.placing(v_ben, jsonb_build_object(v_lamp::text, 1, v_rug::text, 2)))) as p;
  perform test.pay_confirm(test.pay_start(v_id)), test.fulfil(v_id, v_sam, 'accept');
  perform orders.remind_sellers(100) from test.later('40 hours');
  perform orders.cancel_unaccepted(100) from test.later('30 days');
  perform test.pay_react();
  select r.refund_id into v_two from payments.refunds as r where r.order_id = v_id;
  perform payments.finish_refund(v_two, 'SUCCEEDED', 'rf_3', null);
  v_ids := v_ids || jsonb_build_object('halved', v_id);

  -- accepted, then cancelled by the house and refunded in full
  v_id := test.order(v_ana, v_lamp, 3);
  v_one := test.pay_start(v_id);
  perform test.pay_confirm(v_one), test.fulfil(v_id, v_sam, 'accept');
  perform orders.cancel_order(test.ctx(v_admin, 'c1'), v_id, 'recalled');
  perform test.pay_react();
  select r.refund_id into v_two from payments.refunds as r where r.payment_id = v_one;
  update payments.refunds as r set attempts = 1000 where r.refund_id = v_two;
  perform payments.finish_refund(v_two, 'UNKNOWN', null, null);  -- stuck, and then it goes through
  perform payments.finish_refund(v_two, 'SUCCEEDED', 'rf_2', null);
  v_ids := v_ids || jsonb_build_object('refunded', v_id);

  -- declined, paid by a second payment; the first one's money comes after all and is surplus
  v_id := test.order(v_ben, v_rug, 2);
  v_one := test.pay_start(v_id);
  perform test.pay_confirm(v_one, false);
  v_two := test.pay_start(v_id);
  perform test.pay_confirm(v_two), test.pay_confirm(v_one);
  v_ids := v_ids || jsonb_build_object('surplus', v_one);

  -- cancelled unpaid while a payment is open
  v_id := test.order(v_ben, v_lamp, 1);
  v_one := test.pay_start(v_id);
  perform orders.cancel_order(test.ctx(v_ben, 'c2'), v_id, null);
  perform test.pay_react();
  update payments.payments as p set checks = 1000 where p.payment_id = v_one;
  perform payments.claim_unresolved(100);  -- nobody knows what became of it

  -- expired and given up, then paid after all: sold again
  v_id := test.order(v_ana, v_lamp, 4);
  v_one := test.pay_start(v_id);
  perform orders.expire_orders(100) from test.later('1 hour');
  perform test.pay_react(), test.pay_confirm(v_one);
  v_ids := v_ids || jsonb_build_object('reopened', v_id);

  -- the last unit: its hold expires, another order takes it, the late payment finds nothing
  v_id := test.order(v_ana, v_last, 1);
  v_one := test.pay_start(v_id);
  perform test.later('1 hour'), test.order(v_ben, v_last, 1);
  v_ids := v_ids || jsonb_build_object('reclaimed', v_id);
  perform test.pay_confirm(v_one);

  -- nothing to pay
  perform orders.place_orders(jsonb_build_array(
    test.placing(v_ben, jsonb_build_object(v_rug::text, 1), p_coupons => array['ALL', 'ALLSHIP'])));

  -- reservations of accounts: sold, released, run out, live
  v_one := test.reserve(v_sam, test.seller_id(v_sam), v_lamp, 5);
  perform inventory.confirm_reservation(test.ctx(v_sam, 'i1'), v_one);
  v_one := test.reserve(v_ana, test.seller_id(v_sam), v_lamp, 2);
  perform inventory.release_reservation(test.ctx(v_ana, 'i2'), v_one);
  perform test.reserve(v_ana, test.seller_id(v_sue), v_rug, 3, 60);
  perform inventory.expire_reservations(100) from test.later('2 minutes');
  v_ids := v_ids || jsonb_build_object('live', test.reserve(v_ana, test.seller_id(v_sam), v_lamp, 1));
  -- and a count that adjusts the stock
  perform inventory.set_stock(test.ctx(v_sam), v_lamp, test.seller_id(v_sam), 2, 'ADJUST', -2, 'broken', 40);
  return v_ids || jsonb_build_object('placed', test.order(v_ben, v_rug, 1));
end
$$;
