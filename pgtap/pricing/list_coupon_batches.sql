begin;
select plan(5);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add p uuid;
update f set p = test.promotion('{"requiresCoupon": true}');
select b.code_count from f, generate_series(1, 3) as i, pricing.create_coupon_batch(test.ctx(admin), p, i, null, 1) as b;
select is((select string_agg(b.code_count::text, ' ') from f, pricing.list_coupon_batches(test.ctx(admin), p, null, 10) as b), '3 2 1', 'newest first');
select is((select string_agg(b.code_count::text, ' ') from f, pricing.list_coupon_batches(test.ctx(admin), p,
            (select x.page_cursor from f, pricing.list_coupon_batches(test.ctx(admin), p, null, 1) as x limit 1), 1) as b), '2 1', 'a page and the row that tells of the next');
select throws_ok($$ select b.* from f, pricing.list_coupon_batches(test.ctx(sam), p, null, 10) as b $$, 'MK404', 'pricing.promotion_not_found', 'not yours');
select throws_ok($$ select b.* from f, pricing.list_coupon_batches(test.ctx(ana), p, null, 10) as b $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select b.* from f, pricing.list_coupon_batches(test.ctx(admin), p, 'x', 10) as b $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');

select * from finish();
rollback;
