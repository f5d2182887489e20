begin;
select plan(22);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
alter table f add p uuid;
update f set p = (select c.promotion_id from pricing.create_promotion(test.ctx(sam), '{"name": "mine", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000, "usageLimit": 2}') as c);
create function pg_temp.change(p_actor uuid, p_version integer, p_patch jsonb default '{}') returns text language plpgsql as $$
declare v_answer text;
begin
  select u.version || ' ' || u.status || ' ' || coalesce(u.percent_bp::text, '-') || ' ' || coalesce(u.usage_limit::text, '-') into v_answer
  from f, pricing.update_promotion(test.ctx(p_actor), p, p_version, '{"name": "mine", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1500, "usageLimit": 2}'::jsonb || p_patch) as u;
  return v_answer;
exception when others then return sqlerrm; end $$;

select is(pg_temp.change(sam, 1), '2 DRAFT 1500 2', 'a draft changes') from f;
select is(pg_temp.change(sam, 2, '{"usageLimit": null}'), '3 DRAFT 1500 -', 'even its kinds of limits') from f;
select is(pg_temp.change(sam, 3), '4 DRAFT 1500 2', 'back') from f;
select is(pg_temp.change(sam, 3), 'core.version_stale', 'a stale version') from f;
select is(pg_temp.change(sam, 4, '{"percentBp": 0}'), 'pricing.promotion_invalid', 'a bad rule') from f;
select is(pg_temp.change(sue, 4), 'pricing.promotion_not_found', 'another seller') from f;
select is(pg_temp.change(ana, 4), 'identity.role_required', 'a buyer') from f;
select a.status from f, pricing.activate_promotion(test.ctx(sam), p) as a;
select pricing._redeem(array[row(ana, p, ana, null, 100), row(ben, p, ben, null, 100)]::pricing.promotion_use[], core.now()) from f;
-- an active one gets a new version, and the old one stays on record
create function pg_temp.versions() returns text language sql as $$
  select string_agg(v.version || ':' || (v.rules ->> 'percent_bp') || case when v.closed_at is null then ' open' else '' end, ', ' order by v.version)
  from pricing.promotion_versions as v, f where v.promotion_id = p $$;
select is(pg_temp.versions(), '5:1500 open', 'what is active has one open version');
select is(pg_temp.change(sam, 5, '{"percentBp": 2000}'), '6 ACTIVE 2000 2', 'an active one gets a new version') from f;
select is(pg_temp.versions(), '5:1500, 6:2000 open', 'and the old one stays on record');
select is(pg_temp.change(sam, 6, jsonb_build_object('startsAt', core.now() + interval '1 hour')), 'pricing.promotion_invalid', 'it cannot start later') from f;
select is(pg_temp.change(sam, 6, jsonb_build_object('startsAt', core.now() - interval '2 hours', 'endsAt', core.now() - interval '1 hour')),
          'pricing.promotion_window_over', 'nor be over') from f;
select is(pg_temp.change(sam, 6, '{"usageLimit": null}'), 'pricing.promotion_limits_fixed', 'it keeps its kinds of limits') from f;
select is(pg_temp.change(sam, 6, '{"buyerLimit": 1}'), 'pricing.promotion_limits_fixed', 'both of them') from f;
select is(pg_temp.change(sam, 6, '{"usageLimit": 1}'), 'pricing.promotion_limits_fixed', 'not below what was used') from f;
select a.status from f, pricing.pause_promotion(test.ctx(sam), p) as a;
select is(pg_temp.versions(), '5:1500, 6:2000', 'a paused one has no open version');
select is(pg_temp.change(sam, 7, '{"usageLimit": null}'), 'pricing.promotion_limits_fixed', 'a paused one keeps its kinds of limits too') from f;
select is(pg_temp.change(sam, 7, '{"usageLimit": 5}'), '8 PAUSED 1500 5', 'but the number may change') from f;
select is((select c.usage_limit || ' ' || c.used from pricing.promotion_counters as c, f where promotion_id = p), '5 2', 'and its counter follows');
select test.promotion('{"couponCode": "TAKEN"}');
select is(pg_temp.change(sam, 8, '{"couponCode": "taken", "usageLimit": 5}'), 'pricing.coupon_taken', 'a code that another one has') from f;
select a.status from f, pricing.end_promotion(test.ctx(sam), p) as a;
select is(pg_temp.change(sam, 9), 'pricing.promotion_immutable', 'an ended one does not change') from f;
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
