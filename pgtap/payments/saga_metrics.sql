begin;
select plan(4);
-- Stuck payments and refunds are counted in claim_unresolved.sql and finish_refund.sql.
create temporary table f as select test.pay_user('BUYER') as buyer, test.offer(test.pay_seller(), 1000, 9) as lamp;
alter table f add order_id uuid;
select results_eq('select m.* from payments.saga_metrics() as m', $$ values (0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint) $$, 'nothing');
update f set order_id = test.pay_order(buyer, lamp);
select test.pay_start(order_id) from f;
select results_eq('select m.unresolved, m.dead_units from payments.saga_metrics() as m', $$ values (1::bigint, 0::bigint) $$, 'a payment under way');
select test.pay_clock('1 hour');
select is((select m.dead_units from payments.saga_metrics() as m), 1::bigint, 'its time is over: the unit is held for nothing');
select orders.expire_orders(10);
select is((select m.dead_units from payments.saga_metrics() as m), 0::bigint, 'until it is swept');
select * from finish();
rollback;
