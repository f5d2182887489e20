-- Parts that are cancelled alone and cost the buyer nothing: there is no money to give back, but what was booked for them goes.
begin;
select plan(15);
create temporary table f as
select test.buyer('ana') as ana, test.pay_user('ADMIN') as admin, test.seller('sam') as sam_user, test.seller('sue') as sue_user;
alter table f add sam uuid, add sue uuid, add lamp uuid, add rug uuid, add order_id uuid, add payment_id uuid;
update f set sam = test.seller_id(sam_user), sue = test.seller_id(sue_user);
update f set lamp = test.offer(sam, 1000, 50), rug = test.offer(sue, 333, 50);
select test.rule('{"percentBp": 1000, "vatBp": 1900}');
select test.promotion('{"percentBp": 10000, "couponCode": "GIVEN", "funding": "PLATFORM"}');
select test.promotion(jsonb_build_object('percentBp', 10000, 'couponCode', 'PART', 'funding', 'PLATFORM', 'sellerIds', jsonb_build_array(sue))) from f;
create function pg_temp.place(p_coupon text) returns text language plpgsql as $$
declare
  v_placed orders.placed_order;
begin
  select p.* into v_placed
  from f, orders.place_orders(jsonb_build_array(test.placing(
         f.ana, jsonb_build_object(f.lamp::text, 1, f.rug::text, 1), null, array[p_coupon]))) as p;
  update f set order_id = v_placed.order_id;
  return coalesce(v_placed.problem_code, v_placed.status);
end $$;
-- What is booked for a seller of the order: payable, commission, VAT, cost of promotions; credits negative.
create function pg_temp.books(p_seller uuid) returns text language sql as $$
  select string_agg(coalesce((select sum(e.amount_minor) from payments.ledger_entries as e join f using (order_id)
                              where e.account = a.account and e.seller_id = p_seller), 0)::text, ' ' order by a.n)
  from unnest(array['SELLER_PAYABLE', 'COMMISSION_REVENUE', 'COMMISSION_VAT', 'PROMOTION_COST']) with ordinality as a (account, n) $$;
-- One seller accepts, the other lets the time pass.
create function pg_temp.let_pass() returns integer language plpgsql as $$
begin
  perform orders.accept_fulfilment(test.ctx(f.sam_user), f.order_id, f.sam) from f;
  update core.clock set clock_offset = clock_offset + interval '48 hours';
  return orders.cancel_unaccepted(10);
end $$;

-- one part free of charge, the other paid
select is(pg_temp.place('PART'), 'PENDING_PAYMENT', 'one part is free');
update f set payment_id = test.pay_start(order_id);
select is((select c.order_status from f cross join test.pay_confirm(f.payment_id) as c), 'PAID', 'paid');
select isnt((select pg_temp.books(sue) from f), '0 0 0 0', 'the platform bears it, so its seller is owed');
select is(pg_temp.let_pass(), 1, 'its seller does not accept');
select ok(test.pay_react() > 0, 'payments hear of it');
select is((select count(*) from payments.refunds), 0::bigint, 'there is nothing to refund');
select is((select pg_temp.books(sue) from f), '0 0 0 0', 'and nothing is owed any more');
select is((select array_agg(i::text) from core.check_invariants() as i), null, 'the invariants hold');
select count(o.*) from f, orders.ship_fulfilment(test.ctx(sam_user), order_id, sam, 'DHL', '1') as o;
select count(o.*) from f, orders.deliver_fulfilment(test.ctx(sam_user), order_id, sam) as o;
select is((select r.amount_minor from f, payments.request_refund(test.ctx(admin, 'half'), order_id, 500, 'USD', 'x') as r), 500::bigint, 'half of the rest goes back');
select is((select payments.finish_refund(r.refund_id, 'SUCCEEDED', 'x', null) from payments.refunds as r), 'SUCCEEDED', 'later');
select is((select pg_temp.books(sue) from f), '0 0 0 0', 'which is no business of the cancelled part');
select is((select array_agg(i::text) from core.check_invariants() as i), null, 'the invariants hold');

-- everything free of charge
select is(pg_temp.place('GIVEN'), 'PAID', 'an order that costs nothing');
select pg_temp.let_pass();
select test.pay_react();
select is((select pg_temp.books(sue) || ', ' || (pg_temp.books(sam) <> '0 0 0 0') from f), '0 0 0 0, true', 'its cancelled part is taken back, the other stays booked');
select is((select array_agg(i::text) from core.check_invariants() as i), null, 'the invariants hold');
select * from finish();
rollback;
