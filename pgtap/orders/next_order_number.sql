begin;
select plan(7);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller_id(test.seller('sam')) as sid;
alter table f add lamp uuid, add first uuid;
update f set lamp = test.offer(sid, 1000, 50);
select is((select orders.next_order_number(test.ctx(ana)) from f), null, 'nobody asks, nobody counts');
select test.promotion('{"condition": {"any": [{"quantity": {"min": 99}}, {"orderNumber": {"max": 1}}]}, "name": "First"}');
select is((select orders.next_order_number(test.ctx(ana)) from f), 1, 'a buyer''s first order');
update f set first = test.order(ana, lamp);
select is((select orders.next_order_number(test.ctx(ana)) from f), 2, 'then the second');
select is((select orders.next_order_number(test.ctx(ben)) from f), 1, 'of each buyer');
select orders.cancel_order(test.ctx(ana, 'k'), first, null) from f;
select is((select orders.next_order_number(test.ctx(ana)) from f), 1, 'a cancelled order is none');
select is((select orders.next_order_number(test.ctx(admin)) from f), null, 'an administrator places no orders');
select is((select orders.next_order_number(test.ctx()) from f), null, 'of nobody nothing is known');
select * from finish();
rollback;
