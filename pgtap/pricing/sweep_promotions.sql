begin;
select plan(6);
-- The whole life of a scheduled promotion is in activate_promotion.sql; here is what the sweep takes and what it leaves.
create temporary table f as select test.admin() as admin;
alter table f add soon uuid, add ends uuid, add open uuid, add draft uuid;
update f set
  soon = test.promotion(jsonb_build_object('startsAt', core.now() + interval '1 hour')),
  ends = test.promotion(jsonb_build_object('endsAt', core.now() + interval '1 hour')),
  open = test.promotion('{}'),
  draft = (select p.promotion_id from pricing.create_promotion(test.ctx(admin), jsonb_build_object(
             'name', 'd', 'type', 'PERCENTAGE', 'target', 'ORDER', 'percentBp', 1, 'endsAt', core.now() + interval '1 hour')) as p);
create function pg_temp.statuses() returns text language sql as $$
  select string_agg(p.status, ' ' order by p.promotion_id) from pricing.promotions as p $$;
select is(pricing.sweep_promotions(10), 0, 'nothing is due');
update core.clock set clock_offset = interval '1 hour';
select is(pricing.sweep_promotions(1), 1, 'no more than asked for');
select is(pricing.sweep_promotions(10), 1, 'then the rest');
select is(pg_temp.statuses(), 'ACTIVE ENDED ACTIVE DRAFT', 'the start is inclusive, the end exclusive, and a draft stays one');
select is(pricing.sweep_promotions(10), 0, 'once');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');
select * from finish();
rollback;
