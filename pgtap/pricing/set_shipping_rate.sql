begin;
select plan(14);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
-- Together with get_shipping_rate.
select results_eq($$ select r.fee_minor, r.version from f, pricing.get_shipping_rate(test.ctx(sam), 'USD') as r $$, $$ values (0::bigint, 0) $$, 'never set: free, version 0');
select results_eq($$ select r.fee_minor, r.free_from_minor, r.version from f, pricing.set_shipping_rate(test.ctx(sam), 'USD', 0, 490, 5000) as r $$, $$ values (490::bigint, 5000::bigint, 1) $$, 'set');
select results_eq($$ select r.fee_minor, r.free_from_minor, r.version from f, pricing.set_shipping_rate(test.ctx(sam), 'USD', 1, 390, null) as r $$, $$ values (390::bigint, null::bigint, 2) $$, 'changed');
select results_eq($$ select r.fee_minor, r.version from f, pricing.get_shipping_rate(test.ctx(sam), 'USD') as r $$, $$ values (390::bigint, 2) $$, 'read back');
select results_eq($$ select r.version from f, pricing.get_shipping_rate(test.ctx(sam), 'EUR') as r $$, $$ values (0) $$, 'per currency');
select is((select count(*)::int from events.staging where type = 'pricing.shipping_rate_changed'), 2, 'events tell');
select throws_ok($$ select r.* from f, pricing.set_shipping_rate(test.ctx(sam), 'USD', 1, 390, null) as r $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select r.* from f, pricing.set_shipping_rate(test.ctx(sue), 'USD', 2, 390, null) as r $$, 'MK412', 'core.version_stale', 'each seller has its own');
select throws_ok($$ select r.* from f, pricing.set_shipping_rate(test.ctx(sam), 'USD', 2, -1, null) as r $$, 'MK422', 'pricing.rate_invalid', 'a negative fee');
select throws_ok($$ select r.* from f, pricing.set_shipping_rate(test.ctx(sam), 'USD', 2, 1, 0) as r $$, 'MK422', 'pricing.rate_invalid', 'free from nothing');
select throws_ok($$ select r.* from f, pricing.set_shipping_rate(test.ctx(sam), 'XXX', 0, 1, null) as r $$, 'MK404', 'pricing.currency_not_found', 'an unknown currency');
select throws_ok($$ select r.* from f, pricing.set_shipping_rate(test.ctx(admin), 'USD', 0, 1, null) as r $$, 'MK403', 'identity.role_required', 'not a seller');
select throws_ok($$ select r.* from f, pricing.get_shipping_rate(test.ctx(ana), 'USD') as r $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select r.* from f, pricing.get_shipping_rate(test.ctx(sam), 'usd') as r $$, 'MK404', 'pricing.currency_not_found', 'an unknown currency to read');

select * from finish();
rollback;
