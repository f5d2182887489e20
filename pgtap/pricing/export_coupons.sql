begin;
select plan(5);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add p uuid, add b uuid;
update f set p = (select c.promotion_id from pricing.create_promotion(test.ctx(sam), '{"name": "mine", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000, "requiresCoupon": true}') as c);
update f set b = (select b.batch_id from pricing.create_coupon_batch(test.ctx(sam), p, 150, 'A', 1) as b);
select is((select count(*)::int from f, pricing.export_coupons(test.ctx(sam), p, b) as c), 150, 'all of them, more than a page');
select is((select count(*)::int from f, pricing.export_coupons(test.ctx(admin), p, b) as c), 150, 'also for administrators');
select throws_ok($$ select c.* from f, pricing.export_coupons(test.ctx(sam), p, sid) as c $$, 'MK404', 'pricing.batch_not_found', 'an unknown batch');
select throws_ok($$ select c.* from f, pricing.export_coupons(test.ctx(sue), p, b) as c $$, 'MK404', 'pricing.promotion_not_found', 'not yours');
select throws_ok($$ select c.* from f, pricing.export_coupons(test.ctx(ana), p, b) as c $$, 'MK403', 'identity.role_required', 'a buyer');

select * from finish();
rollback;
