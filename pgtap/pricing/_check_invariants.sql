begin;
select plan(19);

-- Each invariant of promotions is broken once, past the functions and the triggers.
create temporary table f as
select test.buyer('ana') as ana, test.admin() as admin, test.seller_id(test.seller('sam')) as sid;
alter table f add lamp uuid, add p uuid, add many uuid, add codes uuid, add b uuid;
update f set lamp = test.offer(sid, 1000, 50),
  p = test.promotion('{"usageLimit": 5, "buyerLimit": 2, "budget": {"amountMinor": 5000, "currency": "USD"}}'),
  codes = test.promotion('{"requiresCoupon": true}');
update f set b = (select c.batch_id from pricing.create_coupon_batch(test.ctx(admin), codes, 2, null, 1) as c);
select o.problem_code from f, orders.place_orders(jsonb_build_array(test.placing(ana, jsonb_build_object(lamp, 1), null,
  array[(select min(c.code) from pricing.coupons as c)]))) as o;
select test.disarm('pricing.promotions');
select is(test.broken('pricing'), '{}', 'all is well');

select is(test.broken('pricing', s.statement), array[s.invariant], s.text) from (values
  ('update pricing.promotion_counters set used = used + 1 from f where promotion_id = p', 'pricing.uses_are_redemptions', 'a use that no order made'),
  ('update pricing.promotion_counters set spent_minor = spent_minor - 1 from f where promotion_id = p', 'pricing.uses_are_redemptions', 'a cost that was forgotten'),
  ('update pricing.redemptions set amount_minor = amount_minor + 1 from f where promotion_id = p', 'pricing.uses_are_redemptions', 'an order that took more than was counted'),
  ('update pricing.redemptions set slot = 3 from f where promotion_id = p', 'pricing.uses_are_redemptions', 'a use that another slot counts'),
  ('update pricing.promotion_buyer_counters set used = 2', 'pricing.buyer_uses_are_redemptions', 'a buyer''s use that no order made'),
  ('delete from pricing.promotion_buyer_counters', 'pricing.buyer_uses_are_redemptions', 'a buyer whose uses nobody counts'),
  ('update pricing.coupons set used = 1', 'pricing.code_uses_are_redemptions', 'a code that no order used'),
  ('update pricing.coupons set used = 0', 'pricing.code_uses_are_redemptions', 'a code whose use was forgotten'),
  ('update pricing.promotion_counters set usage_limit = usage_limit + 1', 'pricing.limits_have_counters', 'slots that allow more than the limit'),
  ('update pricing.promotion_counters set budget_minor = budget_minor - 1', 'pricing.limits_have_counters', 'or less than the budget'),
  ('update pricing.promotion_counters set budget_minor = null', 'pricing.limits_have_counters', 'or any budget'),
  ('update pricing.promotions set usage_limit = 6 from f where promotions.promotion_id = p', 'pricing.limits_have_counters', 'a limit that no counter knows'),
  ('delete from pricing.coupons where used = 0', 'pricing.batches_have_their_codes', 'a batch without one of its codes'),
  ('update pricing.promotion_versions set closed_at = opened_at from f where promotion_id = p', 'pricing.acting_promotion_has_open_version', 'an active promotion without open version'),
  ('update pricing.promotions set version = version + 1 from f where promotions.promotion_id = p', 'pricing.acting_promotion_has_open_version', 'or with that of other rules'),
  ('update pricing.promotions set status = ''PAUSED'' from f where promotions.promotion_id = p', 'pricing.acting_promotion_has_open_version', 'a paused one with an open version')
) as s (statement, invariant, text);

-- commission rules: what the exclusion constraint and the trigger do not let happen
alter table pricing.commission_rules drop constraint commission_rules_rank_excl;
select test.disarm('pricing.commission_rules');
insert into pricing.commission_rules (rule_id, version, name, percent_bp, fixed_minor, valid_from, created_at)
values (core.new_id(), 1, 'default', 1000, 0, core.now(), core.now());
select is(test.broken('pricing', $$ insert into pricing.commission_rules (rule_id, version, name, percent_bp, fixed_minor, valid_from, created_at)
    values (core.new_id(), 1, 'rival', 1000, 0, core.now(), core.now()) $$),
  '{pricing.rules_do_not_overlap}', 'two rules that nothing tells apart');
select is(test.broken('pricing', $$ insert into pricing.commission_rules (rule_id, version, name, percent_bp, fixed_minor, valid_from, created_at)
    select r.rule_id, 2, r.name, 900, 0, core.now() + interval '1 hour', core.now() from pricing.commission_rules as r;
    update pricing.commission_rules set valid_until = core.now() + interval '1 minute' where version = 1 $$),
  '{pricing.rule_versions_are_a_chain}', 'versions with a gap between them');
select * from finish();
rollback;
