begin;
select plan(8);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
alter table f add auto uuid, add coupon uuid, add mine uuid;
update f set auto = test.promotion('{"usageLimit": 4}'), coupon = test.promotion('{"couponCode": "CODE"}'),
  mine = (select p.promotion_id from pricing.create_promotion(test.ctx(sam), '{"name": "draft", "type": "FREE_SHIPPING", "target": "SHIPPING"}') as p);
create function pg_temp.see(p_actor uuid, p_id uuid) returns text language plpgsql as $$
begin return (select g.status || coalesce(' ' || g.used, '') from pricing.get_promotion(test.ctx(p_actor), p_id) as g);
exception when sqlstate 'MK404' then return sqlerrm; end $$;
select is(pg_temp.see(admin, auto), 'ACTIVE 0', 'an administrator sees the uses') from f;
select is(pg_temp.see(null, auto), 'ACTIVE', 'everybody sees an automatic one, without the uses') from f;
select is(pg_temp.see(ana, coupon), 'pricing.promotion_not_found', 'coupons are not shown around') from f;
select is(pg_temp.see(sam, coupon), 'pricing.promotion_not_found', 'nor to sellers') from f;
select is(pg_temp.see(sam, mine), 'DRAFT', 'a seller sees its own') from f;
select is(pg_temp.see(sue, mine), 'pricing.promotion_not_found', 'another seller does not') from f;
select is(pg_temp.see(sam, auto), 'ACTIVE', 'a seller sees what everybody sees') from f;
select is(pg_temp.see(admin, sid), 'pricing.promotion_not_found', 'an unknown one') from f;

select * from finish();
rollback;
