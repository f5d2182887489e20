begin;
select plan(22);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller_id(test.seller('sue')) as sued, core.now() as start;
alter table f add root uuid, add leaf uuid, add lamp uuid, add product uuid, add standard uuid;
update f set root = core.new_id(), leaf = core.new_id(), lamp = test.offer(sid, 1000, 50);
insert into catalog.categories (category_id, path, name, slug, created_at, updated_at)
select root, array[root], 'Root', 'root', core.now(), core.now() from f;
insert into catalog.categories (category_id, parent_id, path, name, slug, created_at, updated_at)
select leaf, root, array[root, leaf], 'Leaf', 'leaf', core.now(), core.now() from f;
update f set product = (select v.product_id from catalog.variants as v where v.variant_id = lamp);
update catalog.products as p set category_id = leaf from f where p.product_id = f.product;
create function pg_temp.explain(p_more jsonb default '{}', p_at timestamptz default null) returns table (said text) language sql as $$
  select c.name || ' ' || c.outcome || coalesce(' ' || c.reason, '') || coalesce(' ' || c.amount_minor, '')
  from f, pricing.explain_commission(test.ctx(admin),
         jsonb_build_object('sellerId', sid, 'productId', product, 'currency', 'USD', 'unitPriceMinor', 1000) || p_more, p_at) as c $$;

select is_empty('select * from pg_temp.explain()', 'no rules, nothing to tell');
update f set standard = test.rule('{"name": "standard", "percentBp": 1000}');
select test.rule('{"name": "dollars", "percentBp": 1050, "currency": "USD"}');
select test.rule(jsonb_build_object('name', 'cheap', 'percentBp', 1020, 'unitPriceBelow', test.usd(2000)));
select test.rule(jsonb_build_object('name', 'dear', 'percentBp', 1090, 'unitPriceFrom', test.usd(2000)));
select test.rule(jsonb_build_object('name', 'root', 'percentBp', 1100, 'categoryId', root)) from f;
select test.rule(jsonb_build_object('name', 'leaf', 'percentBp', 1200, 'categoryId', leaf)) from f;
select test.rule(jsonb_build_object('name', 'sam', 'percentBp', 1300, 'sellerId', sid, 'vatBp', 1900)) from f;
select test.rule(jsonb_build_object('name', 'euro', 'percentBp', 5, 'sellerId', sid, 'currency', 'EUR')) from f;
select test.rule(jsonb_build_object('name', 'soon', 'percentBp', 6, 'sellerId', sid, 'priority', 7, 'validFrom', core.now() + interval '1 day')) from f;
select test.rule(jsonb_build_object('name', 'sue', 'percentBp', 7, 'sellerId', sued)) from f;
select test.rule('{"name": "freight", "percentBp": 500, "appliesTo": "SHIPPING"}');
select results_eq('select * from pg_temp.explain()',
  $$ values ('sam WINS 130'), ('leaf LOSES LESS_SPECIFIC 120'), ('root LOSES LESS_SPECIFIC 110'), ('cheap LOSES LESS_SPECIFIC 102'),
            ('dollars LOSES LESS_SPECIFIC 105'), ('standard LOSES LESS_SPECIFIC 100'), ('soon DOES_NOT_MATCH NOT_YET_IN_FORCE 1'),
            ('euro DOES_NOT_MATCH OTHER_CURRENCY'), ('dear DOES_NOT_MATCH OUTSIDE_BAND') $$,
  'the winner, the losers by rank, those that do not match');
select results_eq($$ select e.* from f, pg_temp.explain(jsonb_build_object('sellerId', null)) as e limit 3 $$,
  $$ values ('leaf WINS 120'), ('root LOSES FARTHER_CATEGORY 110'), ('cheap LOSES LESS_SPECIFIC 102') $$, 'the nearest category goes first');
select results_eq($$ select * from pg_temp.explain('{"sellerId": null, "productId": null}') limit 3 $$,
  $$ values ('cheap WINS 102'), ('dollars LOSES WITHOUT_BAND 105'), ('standard LOSES WITHOUT_BAND 100') $$, 'a band before none');
select results_eq($$ select * from pg_temp.explain('{"sellerId": null, "productId": null, "currency": "EUR"}') $$,
  $$ values ('standard WINS 100'), ('cheap DOES_NOT_MATCH OTHER_CURRENCY'), ('dear DOES_NOT_MATCH OTHER_CURRENCY'), ('dollars DOES_NOT_MATCH OTHER_CURRENCY') $$,
  'in another currency');
select test.rule(jsonb_build_object('name', 'first', 'percentBp', 10, 'priority', 1)) from f;
select results_eq('select * from pg_temp.explain() limit 2', $$ values ('first WINS 1'), ('sam LOSES LOWER_PRIORITY 130') $$, 'priority before everything');
select results_eq($$ select c.amount_minor, c.vat_minor, c.base_minor from f, pricing.explain_commission(test.ctx(admin),
    jsonb_build_object('sellerId', sid, 'currency', 'USD', 'unitPriceMinor', 1000, 'quantity', 3, 'discountMinor', 500), null) as c where c.name = 'sam' $$,
  $$ values (325::bigint, 62::bigint, 2500::bigint) $$, 'each with what it would charge, and the VAT');
select is((select c.amount_minor from f, pricing.explain_commission(test.ctx(admin),
    jsonb_build_object('sellerId', sid, 'currency', 'USD', 'unitPriceMinor', 100, 'discountMinor', 95, 'platformMinor', 5), null) as c where c.name = 'sam'), 1::bigint,
  'discounts count');
select results_eq($$ select * from pg_temp.explain('{"appliesTo": "SHIPPING", "unitPriceMinor": 490}') $$, $$ values ('freight WINS 25') $$, 'shipping has rules of its own');
select is((select c.rule_id from pg_temp.explain() as e, f, pricing._commissions_for(array[row(1, null, 'USD', '{}', null, null, null)::pricing.basket],
    array[test.basket_line(1, sid, product, array[root, leaf], 1, 1000)], '{}', '{}', core.now()) as c limit 1),
  (select c.rule_id from f, pricing.explain_commission(test.ctx(admin), jsonb_build_object('sellerId', sid, 'productId', product, 'currency', 'USD', 'unitPriceMinor', 1000), null) as c limit 1),
  'an order would be charged by the same rule');

-- the past: a rule changes and another ends, and what held then is still known
update core.clock set clock_offset = interval '1 hour';
select u.version from f, pricing.update_commission_rule(test.ctx(admin), standard, 1, '{"name": "standard, later", "percentBp": 2000}') as u;
select e.version from f, pricing.commission_rules as r, pricing.end_commission_rule(test.ctx(admin), r.rule_id, null) as e where r.name in ('first', 'sam', 'cheap', 'dollars');
select results_eq($$ select e.* from f, pg_temp.explain('{"sellerId": null, "productId": null}') as e limit 1 $$, $$ values ('standard, later WINS 200') $$, 'now');
select results_eq($$ select e.* from f, pg_temp.explain('{"sellerId": null, "productId": null}') as e where e.said ~ 'ENDED' $$,
  $$ values ('first DOES_NOT_MATCH ENDED 1'), ('cheap DOES_NOT_MATCH ENDED 102'), ('dollars DOES_NOT_MATCH ENDED 105') $$, 'what has ended says so');
select results_eq($$ select e.* from f, pg_temp.explain('{}', start + interval '1 minute') as e limit 3 $$,
  $$ values ('first WINS 1'), ('sam LOSES LOWER_PRIORITY 130'), ('leaf LOSES LOWER_PRIORITY 120') $$, 'an hour ago');
select results_eq($$ select e.* from f, pg_temp.explain('{}', start + interval '1 minute') as e where e.said ~ 'standard' $$,
  $$ values ('standard LOSES LOWER_PRIORITY 100') $$, 'in the version of then');
select is_empty($$ select e.* from f, pg_temp.explain('{}', start - interval '1 year') as e where e.said !~ 'NOT_YET_IN_FORCE' $$, 'before all rules none was in force');

-- refused
select throws_ok($$ select pg_temp.explain('{"appliesTo": "GIFT"}') $$, 'MK422', 'pricing.rule_invalid', 'an unknown kind');
select throws_ok($$ select pg_temp.explain('{"quantity": 0}') $$, 'MK422', 'pricing.quantity_invalid', 'no units');
select throws_ok($$ select pg_temp.explain('{"unitPriceMinor": -1}') $$, 'MK422', 'pricing.rule_invalid', 'a negative price');
select throws_ok($$ select pg_temp.explain('{"discountMinor": 1001}') $$, 'MK422', 'pricing.rule_invalid', 'more discount than line');
select throws_ok($$ select pg_temp.explain('{"currency": "XXX"}') $$, 'MK422', 'pricing.currency_unknown', 'an unknown currency');
select throws_ok($$ select pg_temp.explain(jsonb_build_object('productId', core.new_id())) $$, 'MK422', 'pricing.product_unknown', 'an unknown product');
select throws_ok($$ select e.* from f, pricing.explain_commission(test.ctx(sam), '{}', null) as e $$, 'MK403', 'identity.role_required', 'a seller');

select * from finish();
rollback;
