begin;
select plan(3);
create temporary table f as select test.pay_user('BUYER') as buyer;
alter table f add order_id uuid, add variant uuid;
update f set variant = test.offer(test.pay_seller(), 1000, 5);
create temporary table before as select * from payments.revenue(24);
update f set order_id = test.pay_order(buyer, variant);
select is((select c.order_status from f cross join test.pay_confirm(test.pay_start(f.order_id)) as c), 'PAID', 'paid');
update f set order_id = test.pay_order(buyer, variant);
select isnt(test.pay_start((select order_id from f)), null, 'not paid yet');
select results_eq(
  $$ select a.currency, a.orders_count - coalesce(b.orders_count, 0), a.gross_minor - coalesce(b.gross_minor, 0), a.refunded_minor - coalesce(b.refunded_minor, 0)
       from payments.revenue(24) as a left join before as b using (currency) where a.currency = 'USD' $$,
  $$ values ('USD', 1::bigint, 1000::double precision, 0::double precision) $$, 'what succeeded counts');
select * from finish();
rollback;
