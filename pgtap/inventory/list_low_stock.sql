begin;
select plan(8);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 5), chair = test.offer(sid, 2500, 2);
update inventory.stock_levels as s set low_stock_threshold = 5, is_low = true from f where s.seller_id = sid;

-- allowed
select results_eq(
  $$ select s.variant_id = lamp, s.available from f, inventory.list_low_stock(test.ctx(sam), null, null, 1) as s $$,
  $$ values (true, 5), (false, 2) $$, 'a page comes with one row more');
select is((select count(*)::int from f, inventory.list_low_stock(test.ctx(sam), null, (select s.page_cursor from inventory.list_low_stock(test.ctx(sam), null, null, 1) as s limit 1), 1) as s),
          1, 'and continues after its cursor');
select is((select count(*)::int from f, inventory.list_low_stock(test.ctx(sue), null, null, 10) as s), 0, 'a seller sees its own');
select is((select count(*)::int from f, inventory.list_low_stock(test.ctx(sue), sid, null, 10) as s), 0, 'whatever it asks for');
select is((select count(*)::int from f, inventory.list_low_stock(test.ctx(admin), sid, null, 10) as s), 2, 'an administrator those of a seller');

-- refused
select throws_ok($$ select s.* from f, inventory.list_low_stock(test.ctx(ana), null, null, 10) as s $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select s.* from f, inventory.list_low_stock(test.ctx(), null, null, 10) as s $$, 'MK401', 'identity.unauthenticated', 'nobody');
select throws_ok($$ select s.* from f, inventory.list_low_stock(test.ctx(sam), null, 'nonsense', 10) as s $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');

select * from finish();
rollback;
