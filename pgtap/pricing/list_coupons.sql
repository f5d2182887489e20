begin;
select plan(6);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add p uuid, add b uuid;
update f set p = test.promotion('{"requiresCoupon": true}');
update f set b = (select b.batch_id from pricing.create_coupon_batch(test.ctx(admin), p, 3, 'A', 1) as b);
select c.code_count from f, pricing.create_coupon_batch(test.ctx(admin), p, 2, 'B', null) as c;
select is((select string_agg(left(c.code, 1) || coalesce(c.used::text, '-'), ' ') from f, pricing.list_coupons(test.ctx(admin), p, null, null, 10) as c), 'A0 A0 A0 B- B-', 'all, in order');
select is((select count(*)::int from f, pricing.list_coupons(test.ctx(admin), p, b, null, 10) as c), 3, 'of one batch');
select is((select string_agg(left(c.code, 1), '') from f, pricing.list_coupons(test.ctx(admin), p, null,
            (select x.page_cursor from f, pricing.list_coupons(test.ctx(admin), p, null, null, 2) as x offset 1 limit 1), 2) as c), 'ABB', 'the next page');
select throws_ok($$ select c.* from f, pricing.list_coupons(test.ctx(sam), p, null, null, 10) as c $$, 'MK404', 'pricing.promotion_not_found', 'not yours');
select throws_ok($$ select c.* from f, pricing.list_coupons(test.ctx(ana), p, null, null, 10) as c $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select c.* from f, pricing.list_coupons(test.ctx(admin), p, null, 'x', 10) as c $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');

select * from finish();
rollback;
