begin;
select plan(39);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
-- The whole life of a promotion: activate, pause, end, and what each status allows. Every pair of status and action is tried.
create function pg_temp.draft(p_actor uuid, p_patch jsonb default '{}') returns uuid language sql as $$
  select p.promotion_id from pricing.create_promotion(test.ctx(p_actor), '{"name": "A promotion", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000}'::jsonb || p_patch) as p $$;
create function pg_temp.act(p_actor uuid, p_action text, p_id uuid) returns text language plpgsql as $$
begin
  return case p_action when 'activate' then (select status from pricing.activate_promotion(test.ctx(p_actor), p_id))
                       when 'pause' then (select status from pricing.pause_promotion(test.ctx(p_actor), p_id))
                       else (select status from pricing.end_promotion(test.ctx(p_actor), p_id)) end;
exception when sqlstate 'MK409' or sqlstate 'MK404' or sqlstate 'MK403' or sqlstate 'MK401' then return sqlerrm; end $$;
alter table f add p uuid;

update f set p = pg_temp.draft(admin);
select is(pg_temp.act(admin, 'pause', p), 'pricing.transition_refused', 'a draft cannot be paused') from f;
select is(pg_temp.act(admin, 'activate', p), 'ACTIVE', 'it can be activated') from f;
select is(pg_temp.act(admin, 'activate', p), 'pricing.transition_refused', 'once') from f;
select is(pg_temp.act(admin, 'pause', p), 'PAUSED', 'then paused') from f;
select is(pg_temp.act(admin, 'pause', p), 'pricing.transition_refused', 'once') from f;
select is(pg_temp.act(admin, 'activate', p), 'ACTIVE', 'and activated again') from f;
select is(pg_temp.act(admin, 'end', p), 'ENDED', 'then ended') from f;
select is(pg_temp.act(admin, a, p), 'pricing.transition_refused', 'an ended one cannot ' || a) from f, unnest(array['activate', 'pause', 'end']) as a;
select is(pg_temp.act(admin, 'end', pg_temp.draft(admin)), 'ENDED', 'a draft can be ended') from f;
select is((select string_agg(replace(type, 'pricing.promotion_', ''), ' ' order by staging_id) from events.staging, f where aggregate_id = p),
          'created activated paused activated ended', 'events tell all of it');

-- limits get their counter, windows and codes are checked
update f set p = pg_temp.draft(admin, '{"usageLimit": 3, "couponCode": "ONCE"}');
select is(pg_temp.act(admin, 'activate', p), 'ACTIVE', 'a limited one') from f;
select is((select c.usage_limit from pricing.promotion_counters as c, f where promotion_id = p), 3, 'has a counter');
select is(pg_temp.act(admin, 'activate', pg_temp.draft(admin, '{"couponCode": "once"}')), 'pricing.coupon_taken', 'a code is for one promotion') from f;
select is(pg_temp.act(admin, 'end', p), 'ENDED', 'until it ends') from f;
select is(pg_temp.act(admin, 'activate', pg_temp.draft(admin, '{"couponCode": "once"}')), 'ACTIVE', 'then it is free') from f;
update f set p = pg_temp.draft(admin, jsonb_build_object('endsAt', core.now() + interval '1 hour'));
update core.clock set clock_offset = interval '2 hours';
select is(pg_temp.act(admin, 'activate', p), 'pricing.promotion_window_over', 'a window that is over') from f;

-- one that starts later waits for its time, and time moves it on
update core.clock set clock_offset = interval '0';
update f set p = pg_temp.draft(admin, jsonb_build_object('startsAt', core.now() + interval '1 hour', 'endsAt', core.now() + interval '3 hours'));
select is(pg_temp.act(admin, 'activate', p), 'SCHEDULED', 'what starts later is scheduled') from f;
select is(pg_temp.act(admin, 'activate', p), 'pricing.transition_refused', 'once') from f;
select is(pg_temp.act(admin, 'pause', p), 'PAUSED', 'it can be paused') from f;
select is(pg_temp.act(admin, 'activate', p), 'SCHEDULED', 'and scheduled again') from f;
select is(pricing.sweep_promotions(10), 0, 'before its time nothing moves');
update core.clock set clock_offset = interval '2 hours';
select is(test.discounts(array[test.basket_line(1, sid, lamp, array[lamp], 1, 1000)]), 'L1 100', 'it applies by its window, though nobody has moved it yet') from f;
select is(pricing.sweep_promotions(10), 1, 'then it is moved');
select is((select status from pricing.promotions, f where promotion_id = p), 'ACTIVE', 'and active');
update core.clock set clock_offset = interval '4 hours';
select is(pricing.sweep_promotions(10), 1, 'and moved again when it is over');
select is((select string_agg(replace(type, 'pricing.promotion_', ''), ' ' order by staging_id) from events.staging, f where aggregate_id = p),
          'created scheduled paused scheduled activated ended', 'events tell all of it');
update core.clock set clock_offset = interval '0';

-- one group, one mode
update f set p = pg_temp.draft(admin, '{"exclusivityGroup": "spring", "groupMode": "BEST"}');
select is(pg_temp.act(admin, 'activate', p), 'ACTIVE', 'the first sets the mode of its group') from f;
select is(pg_temp.act(admin, 'activate', pg_temp.draft(admin, '{"exclusivityGroup": "spring"}')), 'pricing.group_mode_conflict', 'the next must agree') from f;
update f set p = null;

-- not yours
update f set p = pg_temp.draft(sam);
select is(pg_temp.act(sue, 'activate', p), 'pricing.promotion_not_found', 'another seller''s') from f;
select is(pg_temp.act(sam, 'activate', p), 'ACTIVE', 'one''s own') from f;
select is(pg_temp.act(admin, 'pause', p), 'PAUSED', 'an administrator may, too') from f;
select is(pg_temp.act(ana, 'activate', p), 'identity.role_required', 'a buyer may not') from f;
select is(pg_temp.act(null, 'end', p), 'identity.unauthenticated', 'nor may nobody') from f;
select is(pg_temp.act(admin, 'end', sid), 'pricing.promotion_not_found', 'an unknown one') from f;

-- not even by hand
update f set p = test.promotion('{}');
select throws_ok($$ update pricing.promotions set percent_bp = 1 from f where promotion_id = p $$, 'MK409', 'pricing.promotion_immutable', 'rules of an active one');
select throws_ok($$ update pricing.promotions set status = 'DRAFT' from f where promotion_id = p $$, 'MK409', 'pricing.transition_refused', 'a way that is not in the table');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
