-- The ledger of orders whose discounts the platform bears in part or whole, with VAT and commission on shipping. docs/pricing.md
-- has the example.
begin;
select plan(34);
create temporary table f as
select test.pay_user('BUYER') as buyer, test.pay_user('ADMIN') as admin, test.pay_seller() as s1, test.pay_seller() as s2;
alter table f add v1 uuid, add v2 uuid, add order_id uuid, add payment_id uuid, add refund_id uuid;
update f set v1 = test.offer(s1, 1000, 50), v2 = test.offer(s2, 333, 50);
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select s1, 'USD', 490, core.now() from f;
select test.rule('{"percentBp": 1000, "vatBp": 1900}');
select test.rule('{"appliesTo": "SHIPPING", "percentBp": 500, "vatBp": 1900}');
select test.promotion('{"percentBp": 3000, "couponCode": "SHARED", "funding": "SHARED", "sellerShareBp": 4000}');
select test.promotion('{"percentBp": 10000, "couponCode": "GIVEN", "funding": "PLATFORM"}');
select test.promotion('{"percentBp": 10000, "couponCode": "OWN", "funding": "SELLER"}');
select test.promotion(jsonb_build_object('percentBp', 10000, 'couponCode', 'PART', 'funding', 'PLATFORM', 'sellerIds', jsonb_build_array(s2))) from f;
create function pg_temp.place(p_coupon text, variadic p_variants uuid[]) returns void language plpgsql as $$
declare
  v_placed orders.placed_order;
begin
  select p.* into v_placed
  from f, orders.place_orders(jsonb_build_array(test.placing(
         f.buyer, (select jsonb_object_agg(v, 1) from unnest(p_variants) as v), null, array[p_coupon]))) as p;
  if v_placed.order_id is null then
    raise exception 'refused: % %', v_placed.problem_code, v_placed.problem_detail;
  end if;
  update f set order_id = v_placed.order_id;
end $$;
create function pg_temp.refund(p_amount bigint) returns text language plpgsql as $$
begin
  update f set refund_id = (select r.refund_id from payments.request_refund(
    test.ctx(f.admin, core.new_id()::text), f.order_id, p_amount, 'USD', 'because') as r);
  return (select payments.finish_refund(f.refund_id, 'SUCCEEDED', 'rf_1', null) from f);
end $$;
-- Balances of the order: payable, commission, VAT, cost of promotions of one seller; credits negative.
create function pg_temp.books(p_seller uuid) returns text language sql as $$
  select string_agg(coalesce((select sum(e.amount_minor) from payments.ledger_entries as e join f using (order_id)
                              where e.account = a.account and e.seller_id = p_seller), 0)::text, ' ' order by a.n)
  from unnest(array['SELLER_PAYABLE', 'COMMISSION_REVENUE', 'COMMISSION_VAT', 'PROMOTION_COST']) with ordinality as a (account, n) $$;
create function pg_temp.all_zero() returns boolean language sql as $$
  select coalesce(bool_and(x.b = 0), true) from (select sum(e.amount_minor) as b from payments.ledger_entries as e join f using (order_id) group by e.seller_id, e.account) as x $$;

-- 30 % off 10.00 + 3.33: 4.00 = 3.00 + 1.00, of which the platform bears 60 %: 1.80 + 0.60
select pg_temp.place('SHARED', v1, v2) from f;
update f set payment_id = test.pay_start(order_id);
select is((select c.order_status from f cross join test.pay_confirm(f.payment_id) as c), 'PAID', 'paid');
select is((select pg_temp.books(s1) from f), '-1257 -95 -18 180', 'payable = 7.00 + 4.90 + 1.80 - 0.95 - 0.18');
select is((select pg_temp.books(s2) from f), '-266 -23 -4 60', 'payable = 2.33 + 0.60 - 0.23 - 0.04');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select lives_ok($$ select test.pay_deliver(order_id) from f $$, 'delivered');
select is(pg_temp.refund(500), 'SUCCEEDED', '5.00 go back: 4.18 of the one, 0.82 of the other');
select is((select pg_temp.books(s1) from f), '-815 -62 -12 117', 'everything in proportion');
select is((select pg_temp.books(s2) from f), '-172 -15 -3 39', 'for each seller');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select is(pg_temp.refund(1) || pg_temp.refund(1), 'SUCCEEDEDSUCCEEDED', 'cent by cent');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select is(pg_temp.refund(921), 'SUCCEEDED', 'and the rest');
select ok(pg_temp.all_zero(), 'closes every account to zero');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');

-- a part that costs the buyer nothing follows the whole order
select test.rule(jsonb_build_object('sellerId', s2, 'base', 'GROSS', 'percentBp', 1000, 'vatBp', 1900)) from f;
select pg_temp.place('PART', v1, v2) from f;
update f set payment_id = test.pay_start(order_id);
select is((select c.order_status from f cross join test.pay_confirm(f.payment_id) as c), 'PAID', 'paid');
select is((select pg_temp.books(s2) from f), '-294 -33 -6 333', 'the platform owes what the buyer did not pay');
select test.pay_deliver(order_id) from f;
select is(pg_temp.refund(745), 'SUCCEEDED', 'half of it');
select is((select pg_temp.books(s2) from f), '-147 -16 -3 166', 'half of everything');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select is(pg_temp.refund(745), 'SUCCEEDED', 'the other half');
select ok(pg_temp.all_zero(), 'closes every account to zero');

-- orders that cost nothing: booked once, by the consumer of the log
select pg_temp.place('GIVEN', v2) from f;
select is((select test.status(order_id) from f), 'PAID', 'there is nothing to pay');
select ok(test.pay_react() >= 1, 'payments hears of it');
select is((select pg_temp.books(s2) from f), '-294 -33 -6 333', 'and credits the seller');
update events.consumers set seq = 0 where consumer = 'payments.refunds';
select lives_ok('select test.pay_react()', 'heard twice');
select is((select pg_temp.books(s2) from f), '-294 -33 -6 333', 'it is booked once');
select orders.cancel_order(test.ctx(f.buyer, 'c'), f.order_id, 'no') from f;
select ok(test.pay_react() >= 1 and pg_temp.all_zero(), 'cancelled, everything goes back');
select pg_temp.place('GIVEN', v2) from f;
select test.disarm('payments.ledger_entries', 'payments.payments');
select lives_ok('select test.pay_react()', 'booked');
select is(test.broken('payments', $$
    update payments.ledger_entries as e set amount_minor = e.amount_minor + case e.account when 'SELLER_PAYABLE' then -1 else 1 end
    from f where e.order_id = f.order_id and e.account in ('SELLER_PAYABLE', 'PROMOTION_COST') $$),
  '{payments.free_order_is_booked_as_agreed}', 'an order that cost nothing is watched too');
select is(test.broken('payments', $$
    with t as (select p.payment_id, p.order_id from payments.payments as p join f using (payment_id))
    update payments.ledger_entries as e set amount_minor = e.amount_minor + case e.account when 'SELLER_PAYABLE' then 1 else -1 end
    from t, f where e.transaction_id = t.payment_id and e.seller_id = f.s2 and e.account in ('SELLER_PAYABLE', 'PROMOTION_COST') $$),
  '{payments.seller_gets_total_less_commission}', 'and so is what the platform bears');
select is(test.broken('payments', $$
    with t as (select p.payment_id, p.order_id from payments.payments as p join f using (payment_id))
    update payments.ledger_entries as e set amount_minor = e.amount_minor + case e.account when 'SELLER_PAYABLE' then 1 else -1 end
    from t, f where e.transaction_id = t.payment_id and e.seller_id = f.s2 and e.account in ('SELLER_PAYABLE', 'COMMISSION_VAT') $$),
  '{payments.seller_gets_total_less_commission}', 'and the VAT');
select is_empty('select * from core.check_invariants()', 'all is well');
select pg_temp.place('OWN', v2) from f;
select test.pay_react();
select is((select pg_temp.books(s2) from f), '0 0 0 0', 'a discount that the seller bears is nobody''s debt');
select is_empty('select * from core.check_invariants()', 'no invariant is broken');

select * from finish();
rollback;
