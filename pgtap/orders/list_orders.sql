begin;
select plan(12);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam_user, test.seller('sue') as sue_user;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(test.seller_id(sam_user), 1000, 50), chair = test.offer(test.seller_id(sue_user), 2500, 50);
create temporary table o as
select n, test.order(ana, lamp) as order_id from f, generate_series(1, 5) as n;
create temporary table both_sellers as
select p.order_id from f, orders.place_orders(jsonb_build_array(test.placing(ben, jsonb_build_object(lamp::text, 2, chair::text, 1)))) as p;
select test.pay(order_id) from o where n = 2;

-- allowed
select is((select count(*)::int from f, orders.list_orders(test.ctx(ana), null, null, 20)), 5, 'a buyer sees the own ones');
select is((select count(*)::int from f, orders.list_orders(test.ctx(ben), null, null, 20)), 1, 'each buyer');
select is((select count(*)::int from f, orders.list_orders(test.ctx(admin), null, null, 20)), 6, 'an administrator all');
select results_eq(
  $$ select l.total_minor, l.seller_ids = array[test.seller_id(sue_user)] from f, orders.list_orders(test.ctx(sue_user), null, null, 20) as l $$,
  $$ values (2500::bigint, true) $$, 'a seller those with a part, with the part''s sums');
select is((select count(*)::int from f, orders.list_orders(test.ctx(ana), 'PAID', null, 20)), 1, 'by status');
select is((select count(*)::int from f, orders.list_orders(test.ctx(sam_user), 'PAID', null, 20)), 1, 'for a seller too');

-- pages
create temporary table page as
select l.*, row_number() over () as n from f, orders.list_orders(test.ctx(ana), null, null, 2) as l;
select is((select count(*)::int from page), 3, 'a page of two says that there is more');
select is((select array_agg(order_id order by n) = array_agg(order_id order by order_id desc) from page), true, 'newest first');
select results_eq(
  $$ select count(*)::int, bool_and(l.order_id < (select order_id from page where n = 2)) from f, orders.list_orders(test.ctx(ana), null, (select page_cursor from page where n = 2), 20) as l $$,
  $$ values (3, true) $$, 'the next page goes on after the last item');

-- refused
select throws_ok('select l.* from f, orders.list_orders(test.ctx(ana), null, ''nonsense'', 20) as l', 'MK400', 'core.cursor_invalid', 'a made-up cursor');
select throws_ok('select l.* from f, orders.list_orders(test.ctx(ana), ''NONE'', null, 20) as l', 'MK422', 'orders.status_unknown', 'an unknown status');
select throws_ok('select l.* from orders.list_orders(test.ctx(), null, null, 20) as l', 'MK401', 'identity.unauthenticated', 'nobody');
select * from finish();
rollback;
