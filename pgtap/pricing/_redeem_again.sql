begin;
select plan(13);
create temporary table f as select test.buyer('ana') as ana, test.buyer('ben') as ben, core.new_id() as late, core.new_id() as other;
alter table f add duo uuid, add free uuid;
update f set duo = test.promotion('{"couponCode": "ONE", "usageLimit": 1}'), free = test.promotion('{"couponCode": "EACH", "buyerLimit": 1}');
select ok(pricing._redeem_again(late), 'nothing was returned') from f;
create function pg_temp.uses(p_orders uuid[], p_promotions uuid[], p_buyers uuid[]) returns pricing.promotion_use[] language sql as $$
  select array_agg(row(u.order_id, u.promotion_id, u.buyer_id, null, 100)::pricing.promotion_use)
  from unnest(p_orders, p_promotions, p_buyers) as u (order_id, promotion_id, buyer_id) $$;
select count(c) from f, pricing._lock_counters(pg_temp.uses(array[late, late], array[duo, free], array[ana, ana]), core.now()) as c;
select pricing._redeem(pg_temp.uses(array[late, late], array[duo, free], array[ana, ana]), core.now()) from f;
select ok(pricing._redeem_again(late), 'nothing was returned yet') from f;
select is((select array_agg(used) from pricing.promotion_counters), array[1], 'and nothing is counted twice');
select pricing._return_redemptions(array[late], core.now()) from f;
select pricing._redeem(pg_temp.uses(array[other], array[duo], array[ben]), core.now()) from f;
select pricing._lock_redemptions(array[late], core.now()) from f;
select ok(not pricing._redeem_again(late), 'the only use went to somebody else') from f;
select is((select array_agg(used) from pricing.promotion_buyer_counters where buyer_id = ana), array[0], 'and then none is taken') from f;
select pricing._return_redemptions(array[other], core.now()) from f;
select ok(pricing._redeem_again(late), 'it is free again') from f;
select is((select used from pricing.promotion_counters), 1, 'and taken');
select is((select count(*)::int from pricing.redemptions as r join f on r.order_id = f.late where r.returned_at is null), 2, 'with all the order''s others');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

-- a budget and a code are taken again like a use, or not at all
create temporary table g as select core.new_id() as o, core.new_id() as rival,
  test.promotion('{"budget": {"amountMinor": 150, "currency": "USD"}}') as rich, test.promotion('{"requiresCoupon": true}') as coded;
select b.code_count from g, pricing.create_coupon_batch(test.ctx(test.admin()), coded, 1, null, 1) as b;
create temporary table code as select c.code from pricing.coupons as c;
create function pg_temp.use(p_order uuid, p_promotion uuid, p_buyer uuid, p_code text) returns void language sql as $$
  select pricing._redeem(array[row(p_order, p_promotion, p_buyer, p_code, 100)]::pricing.promotion_use[], core.now()) $$;
select pg_temp.use(o, rich, ana, null), pg_temp.use(o, coded, ana, code) from f, g, code;
select pricing._return_redemptions(array[o], core.now()) from g;
select pg_temp.use(rival, rich, ben, null) from f, g;
select ok(not pricing._redeem_again(o), 'the budget went to somebody else') from g;
select pricing._return_redemptions(array[rival], core.now()) from g;
select pg_temp.use(rival, coded, ben, code) from f, g, code;
select ok(not pricing._redeem_again(o), 'then the code did') from g;
select pricing._return_redemptions(array[rival], core.now()) from g;
select ok(pricing._redeem_again(o), 'both are free again') from g;
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');
select * from finish();
rollback;
