begin;
select plan(14);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
select test.promotion('{"name": "auto"}'), test.promotion('{"name": "coupon", "couponCode": "CODE", "usageLimit": 4}');
select test.promotion(jsonb_build_object('name', 'later', 'startsAt', core.now() + interval '1 day'));
select p.status from f, pricing.create_promotion(test.ctx(sam), '{"name": "draft", "type": "FREE_SHIPPING", "target": "SHIPPING"}') as p;
create function pg_temp.names(p_actor uuid, p_status text default null, p_type text default null, p_seller uuid default null) returns text language sql as $$
  select string_agg(l.name || coalesce(':' || l.used, ''), ' ') from pricing.list_promotions(test.ctx(p_actor), p_status, p_type, p_seller, null, 10) as l $$;
select is(pg_temp.names(admin), 'draft later coupon:0 auto', 'an administrator sees all, newest first') from f;
select is(pg_temp.names(sam), 'draft auto', 'a seller its own, and those that apply to everybody now') from f;
select is(pg_temp.names(sue), 'auto', 'another seller does not see the draft') from f;
select is(pg_temp.names(ana), 'auto', 'a buyer those that apply by themselves now') from f;
select is(pg_temp.names(null), 'auto', 'so does everybody');
select test.promotion('{"name": "few", "usageLimit": 3, "buyerLimit": 2}');
select is_empty($$ select l.name from f, pricing.list_promotions(test.ctx(sam), null, null, null, null, 10) as l
                    where l.seller_id is distinct from f.sid and num_nonnulls(l.used, l.usage_limit, l.buyer_limit) > 0 $$,
  'use counter and limits of others stay private');
select results_eq($$ select l.used, l.usage_limit, l.buyer_limit from f, pricing.list_promotions(test.ctx(admin), null, null, null, null, 10) as l
                      where l.name = 'few' $$, $$ values (0, 3, 2) $$, 'not for administrators');
delete from pricing.promotion_versions where promotion_id in (select promotion_id from pricing.promotions where name = 'few');
delete from pricing.promotion_counters where promotion_id in (select promotion_id from pricing.promotions where name = 'few');
delete from pricing.promotions where name = 'few';
select is(pg_temp.names(admin, 'DRAFT'), 'draft', 'by status') from f;
select is(pg_temp.names(admin, null, 'PERCENTAGE'), 'later coupon:0 auto', 'by type') from f;
select is(pg_temp.names(admin, null, null, sid), 'draft', 'by seller') from f;
select results_eq(
  $$ select l.name from f, pricing.list_promotions(test.ctx(admin), null, null, null,
       (select x.page_cursor from pricing.list_promotions(test.ctx(admin), null, null, null, null, 2) as x offset 1 limit 1), 2) as l $$,
  $$ values ('coupon'), ('auto') $$, 'the next page');
select throws_ok($$ select pg_temp.names(admin, 'OPEN') from f $$, 'MK422', 'pricing.filter_invalid', 'an unknown status');
select throws_ok($$ select pg_temp.names(null, null, 'RAFFLE') from f $$, 'MK422', 'pricing.filter_invalid', 'an unknown type');
select throws_ok($$ select l.* from pricing.list_promotions(test.ctx(), null, null, null, 'x', 2) as l $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');

select * from finish();
rollback;
