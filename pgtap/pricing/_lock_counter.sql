begin;
select plan(17);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
-- Limits in slots and budgets: pricing._open_counters, _lock_counter, _gather_slots, _share_limits, _keep_limits.
alter table f add p uuid, add few uuid, add lamp uuid;
update f set p = test.promotion('{"usageLimit": 4100}'), few = test.promotion('{"usageLimit": 4095}'), lamp = test.offer(sid, 1000, 50);
create function pg_temp.slots(p_id uuid) returns text language sql as $$
  select count(*) || ' slots, ' || sum(c.usage_limit) || ' in all, ' || min(c.usage_limit) || ' to ' || max(c.usage_limit)
  from pricing.promotion_counters as c where c.promotion_id = p_id $$;
select is(pg_temp.slots(few), '1 slots, 4095 in all, 4095 to 4095', 'a small limit has one slot') from f;
select is(pg_temp.slots(p), '16 slots, 4100 in all, 256 to 257', 'a large one is shared among 16') from f;
select is((select c.usage_limit - c.used > 100 from f, pricing._lock_counter(p, 100, 0) as c), true, 'one with enough is taken');
select is(pg_temp.slots(p), '16 slots, 4100 in all, 256 to 257', 'and nothing moves') from f;
select is((select c.slot || ' ' || c.usage_limit from f, pricing._lock_counter(p, 300, 0) as c), '0 4100', 'when none has enough, what is left is gathered');
select is(pg_temp.slots(p), '16 slots, 4100 in all, 0 to 4100', 'the sum stays') from f;
select is_empty($$ select * from pricing._check_invariants() $$, 'and there is a budget as little as before');
select is((select c.usage_limit - c.used from f, pricing._lock_counter(p, 5000, 0) as c), 4100, 'it tells when there is less than was asked for');
select is((select c.promotion_id from pricing._lock_counter(core.new_id(), 1, 0) as c), null, 'no counter, no row');
select u.usage_limit from f, pricing.update_promotion(test.ctx(admin), p, 2, '{"name": "d", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000, "usageLimit": 8200}') as u;
select is(pg_temp.slots(p), '16 slots, 8200 in all, 512 to 513', 'another limit is shared anew') from f;

-- a budget: what would pass it is left out, and what fits is still taken
update f set p = test.promotion('{"budget": {"amountMinor": 250, "currency": "USD"}, "priority": 9}');
select e.status from f, pricing.promotions as x, pricing.end_promotion(test.ctx(admin), x.promotion_id) as e where x.promotion_id <> p;
create function pg_temp.place(p_quantity integer) returns text language sql as $$
  select coalesce(o.problem_code, 'off ' || o.discount_minor) from f, orders.place_orders(jsonb_build_array(
    test.placing(ana, jsonb_build_object(lamp, p_quantity)))) as o $$;
select is(pg_temp.place(2), 'off 200', 'it fits');
select is(pg_temp.place(1), 'off 0', 'it does not fit any more');
select is((select spent_minor from pricing.view_promotion as v, f where v.promotion_id = p), 200::bigint, 'what was spent is known');
select throws_ok($$ update pricing.promotion_counters set spent_minor = 251 from f where promotion_counters.promotion_id = p $$, '23514', null, 'the table refuses to pass it');
select throws_ok($$ select u.* from f, pricing.update_promotion(test.ctx(admin), p, 2, '{"name": "d", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000, "budget": {"amountMinor": 199, "currency": "USD"}}') as u $$,
  'MK409', 'pricing.promotion_limits_fixed', 'not below what was spent');
select u.version from f, pricing.update_promotion(test.ctx(admin), p, 2, '{"name": "d", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000, "budget": {"amountMinor": 300, "currency": "USD"}}') as u;
select is(pg_temp.place(1), 'off 100', 'a greater budget goes on');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
