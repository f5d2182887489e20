-- The state machine as a whole is in activate_promotion.sql.
begin;
select plan(4);
create temporary table f as select test.promotion('{"couponCode": "KEEP"}') as p;
select is((select a.status from f, pricing.pause_promotion(test.ctx(test.admin()), p) as a), 'PAUSED', 'an active promotion stops');
select is((select count(*)::int from f, pricing._basket_promotions(array[row(1, null, 'USD', '{KEEP}', null, null, null)::pricing.basket],
            array[test.basket_line(1, p, p, array[p], 1, 1000)], '{}', core.now())), 0, 'and applies to nothing');
select throws_ok($$ select a.* from f, pricing.pause_promotion(test.ctx(test.admin()), p) as a $$, 'MK409', 'pricing.transition_refused', 'once');
select throws_ok($$ select a.* from f, pricing.pause_promotion(test.ctx(test.seller('sam')), p) as a $$, 'MK404', 'pricing.promotion_not_found', 'not by a seller when it is not its own');
select * from finish();
rollback;
