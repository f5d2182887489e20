begin;
select plan(9);
create temporary table f as
select test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sam;
alter table f add lamp uuid, add due uuid, add paid uuid;
update f set lamp = test.offer(sam, 1000, 10);
update f set due = test.order(ana, lamp, 2), paid = test.order(ana, lamp, 1);
select test.pay(paid) from f;

select is(orders.expire_orders(100), 0, 'nothing is due yet');
update core.clock set clock_offset = clock_offset + interval '15 minutes';
select is(orders.expire_orders(100), 1, 'the unpaid one is due at the end of its window');
select results_eq('select test.status(due), test.status(paid) from f', $$ values ('EXPIRED', 'PAID') $$, 'and it alone');
select is((select test.stock(lamp) from f), '9/0', 'its units are free');
select results_eq(
  $$ select h.action, h.actor_kind from orders.order_history as h, f where h.order_id = due and h.version = 2 $$,
  $$ values ('expire', 'SYSTEM') $$, 'history says so');
select is(orders.expire_orders(100), 0, 'once');
update f set due = test.order(ana, lamp), paid = test.order(ana, lamp);
update core.clock set clock_offset = clock_offset + interval '15 minutes';
select is(orders.expire_orders(1), 1, 'at most as many as asked');
select is(orders.expire_orders(100000), 1, 'then the rest');
select is((select array_agg(i::text) from core.check_invariants() as i where i.invariant like 'orders.%' or i.invariant like 'inventory.%'), null, 'the invariants hold');
select * from finish();
rollback;
