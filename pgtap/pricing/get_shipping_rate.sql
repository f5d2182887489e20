begin;
select plan(2);
create temporary table f as select test.seller('sam') as sam;
select results_eq($$ select r.seller_id = test.seller_id(sam), r.currency, r.fee_minor, r.version from f, pricing.get_shipping_rate(test.ctx(sam), 'USD') as r $$,
                  $$ values (true, 'USD', 0::bigint, 0) $$, 'one''s own, even when it was never set; see set_shipping_rate.sql');
select throws_ok($$ select r.* from pricing.get_shipping_rate(test.ctx(), 'USD') as r $$, 'MK401', 'identity.unauthenticated', 'nobody');
select * from finish();
rollback;
