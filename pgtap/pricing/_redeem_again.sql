begin;
select plan(9);
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
select * from finish();
rollback;
