begin;
select plan(19);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
-- Limits of use: pricing._lock_counters, _redeem, _return_redemptions and _refuse_coupons together.
alter table f add duo uuid, add free uuid;
update f set duo = test.promotion('{"couponCode": "BOTH", "usageLimit": 2, "buyerLimit": 1}'), free = test.promotion('{"couponCode": "FREE"}');
create function pg_temp.uses(p_promotions uuid[], p_buyers uuid[], p_orders uuid[] default null, p_code text default null, p_minor bigint default 100)
returns pricing.promotion_use[] language sql as $$
  select array_agg(row(u.order_id, u.promotion_id, u.buyer_id, p_code, p_minor)::pricing.promotion_use)
  from unnest(p_promotions, p_buyers, p_orders) as u (promotion_id, buyer_id, order_id) $$;
create function pg_temp.refusal(p_buyer uuid, p_code text, p_price bigint default 1000) returns text language sql as $$
  select coalesce((select r.problem_code || ': ' || r.problem_detail from f, pricing._refuse_coupons(array[row(1, p_buyer, 'USD', array[p_code], null, null, null)::pricing.basket],
    array[test.basket_line(1, sid, lamp, array[lamp], 1, p_price)], core.now()) as r), 'fine') $$;

select is(pg_temp.refusal(ana, 'both'), 'fine', 'unused, it is fine') from f;
select results_eq(
  $$ select c.buyer_id is null, c.remaining from f, pricing._lock_counters(pg_temp.uses(array[duo, duo, free], array[ana, ben, ana]), core.now()) as c $$,
  $$ values (true, 2::bigint), (true, null), (false, 1), (false, 1) $$, 'one counter in all, one per buyer, none without limits');
select pricing._redeem(pg_temp.uses(array[duo, free], array[ana, ana], array[ana, ana]), core.now()) from f;
select results_eq(
  $$ select c.remaining from f, pricing._lock_counters(pg_temp.uses(array[duo, duo], array[ana, ben]), core.now()) as c order by c.buyer_id is not null, c.remaining $$,
  $$ values (1::bigint), (0), (1) $$, 'a use is counted twice');
select is((select count(*)::int from pricing.redemptions), 1, 'an unlimited one leaves no trace');
select is(pg_temp.refusal(ana, 'BOTH'), 'pricing.coupon_buyer_limit_reached: You have used coupon BOTH as often as it allows.', 'ana has had hers') from f;
select pricing._redeem(pg_temp.uses(array[duo], array[ben], array[ben]), core.now()) from f;
select is(pg_temp.refusal(sam, 'BOTH'), 'pricing.coupon_usage_limit_reached: Coupon BOTH is used up.', 'and then it is used up') from f;
select throws_ok($$ select pricing._redeem(pg_temp.uses(array[duo], array[sam], array[sam]), core.now()) from f $$, '23514', null, 'the table does not let it be used again');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

select pricing._return_redemptions(array[ana, sam], core.now()) from f;
select pricing._return_redemptions(array[ana], core.now()) from f;
select is((select used from pricing.promotion_counters), 1, 'a use returns once');
select is(pg_temp.refusal(ana, 'BOTH'), 'fine', 'and can be used again') from f;
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

-- why a coupon cannot be used
select test.promotion('{"couponCode": "MINIMUM", "minSubtotal": {"amountMinor": 2250, "currency": "USD"}}');
select is(pg_temp.refusal(ana, 'minimum'), 'pricing.coupon_minimum_not_met: Coupon MINIMUM needs 12.50 USD more.', 'the missing amount is named') from f;
select is(pg_temp.refusal(ana, 'NOPE'), 'pricing.coupon_unknown: There is no coupon NOPE.', 'unknown') from f;
select test.promotion(jsonb_build_object('couponCode', 'OTHERS', 'sellerIds', jsonb_build_array(sued))) from f;
select alike(pg_temp.refusal(ana, 'OTHERS'), 'pricing.coupon_no_match%', 'for other goods') from f;
select test.promotion('{"couponCode": "EURO", "currency": "EUR"}');
select alike(pg_temp.refusal(ana, 'EURO'), 'pricing.coupon_currency_mismatch%', 'for another currency') from f;
select test.promotion(jsonb_build_object('couponCode', 'LATER', 'startsAt', core.now() + interval '1 day', 'endsAt', core.now() + interval '2 days'));
select alike(pg_temp.refusal(ana, 'LATER'), 'pricing.coupon_not_started%', 'too early') from f;
update core.clock set clock_offset = interval '3 days';
select alike(pg_temp.refusal(ana, 'LATER'), 'pricing.coupon_expired%', 'too late') from f;
select s.status from f, pricing.pause_promotion(test.ctx(admin), free) as s;
select alike(pg_temp.refusal(ana, 'FREE'), 'pricing.coupon_inactive%', 'paused') from f;
select c.status from f, pricing.create_promotion(test.ctx(admin), '{"name": "d", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1, "couponCode": "DRAFTED"}') as c;
select alike(pg_temp.refusal(ana, 'DRAFTED'), 'pricing.coupon_unknown%', 'a draft is nobody''s to know') from f;

select * from finish();
rollback;
