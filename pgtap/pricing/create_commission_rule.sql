begin;
select plan(46);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
create function pg_temp.make(p_document jsonb) returns setof pricing.view_commission_rule language sql as $$
  select r.* from f, pricing.create_commission_rule(test.ctx(admin), '{"name": "a rule"}'::jsonb || p_document) as r $$;

-- allowed
select results_eq(
  $$ select r.version, r.status, r.percent_bp, r.valid_until, r.name, r.applies_to, r.base, r.fixed_per, r.priority, r.vat_bp
     from pg_temp.make('{"name": " Default ", "percentBp": 1000}') as r $$,
  $$ values (1, 'IN_FORCE', 1000, null::timestamptz, 'Default', 'LINE', 'NET', 'UNIT', 0, 0) $$, 'a default rule is in force at once');
select results_eq(
  $$ select s.payload ->> 'percentBp', s.audience from events.staging as s where s.type = 'pricing.rule_created' $$, $$ values ('1000', '{}'::uuid[]) $$, 'an event tells');
select is((select r.status from f, pg_temp.make(jsonb_build_object('sellerId', sid, 'percentBp', 900, 'fixed', test.usd(30),
             'validFrom', core.now() + interval '1 hour', 'validUntil', core.now() + interval '2 hours')) as r),
          'SCHEDULED', 'one may be scheduled');
select is((select s.audience = array[sid] from f, events.staging as s where s.type = 'pricing.rule_created' and s.payload ->> 'sellerId' = sid::text), true, 'its seller is told');
select is((select r.status from f, pg_temp.make(jsonb_build_object('sellerId', sid, 'percentBp', 900, 'fixed', test.usd(30),
             'validFrom', core.now() + interval '2 hours')) as r),
          'SCHEDULED', 'the next may follow without a gap');
select results_eq(
  $$ select r.currency, r.band_min_minor, r.band_max_minor, r.min_minor, r.max_minor, r.vat_bp, r.base, r.fixed_per, r.priority
     from pg_temp.make(jsonb_build_object('priority', 3, 'unitPriceFrom', test.usd(0), 'unitPriceBelow', test.usd(5000), 'min', test.usd(50),
       'max', test.usd(700), 'vatBp', 1900, 'base', 'GROSS', 'fixedPer', 'LINE', 'fixed', test.usd(5))) as r $$,
  $$ values ('USD', 0::bigint, 5000::bigint, 50::bigint, 700::bigint, 1900, 'GROSS', 'LINE', 3) $$, 'all of a rule is kept; its currency is that of its amounts');
select is((select r.fixed_per from f, pg_temp.make(jsonb_build_object('appliesTo', 'SHIPPING', 'sellerId', sid, 'percentBp', 500)) as r),
          'LINE', 'a rule for shipping counts its fixed part once');
select lives_ok($$ select r.* from f, pg_temp.make(jsonb_build_object('sellerId', sid, 'percentBp', 1,
  'productId', (select product_id from catalog.variants where variant_id = lamp), 'categoryId', (select min(category_id::text) from catalog.categories))) as r $$,
  'product and category together are a scope of their own');

-- rivals: nothing in the order of precedence tells the two apart, and they meet in time
select throws_like(format($$ select pg_temp.make('{"name": "again"}') $$), 'pricing.rule_conflict', 'the same scope');
create function pg_temp.refusal(p_document jsonb) returns text language plpgsql as $$
declare
  v_detail text;
begin
  perform pg_temp.make(p_document);
  return null;
exception
  when sqlstate 'MK409' then
    get stacked diagnostics v_detail = pg_exception_detail;
    return v_detail;
end $$;
select is((select starts_with(pg_temp.refusal('{}'), format('Rule %s ("Default") has the same rank', r.rule_id))
           from pricing.commission_rules as r where r.name = 'Default'), true, 'the rival is named');
select is((select pg_temp.refusal(jsonb_build_object('sellerId', sid, 'fixed', test.usd(1), 'validFrom', core.now() + interval '90 minutes',
             'validUntil', core.now() + interval '3 hours')) ~ 'until' from f), true, 'an overlap, with the rival''s end');
select is((select pg_temp.refusal(jsonb_build_object('sellerId', sid, 'appliesTo', 'SHIPPING')) is not null from f), true, 'for shipping');
select is((select pg_temp.refusal(jsonb_build_object('priority', 3, 'unitPriceFrom', test.usd(4999), 'unitPriceBelow', test.usd(9000)))) is not null, true, 'an overlapping price band');
select is((select pg_temp.refusal(jsonb_build_object('priority', 3, 'unitPriceBelow', test.usd(1)))) is not null, true, 'a band open below');

-- no rivals: each of these is told apart
select is((select pg_temp.refusal(jsonb_build_object('priority', 3, 'unitPriceFrom', test.usd(5000)))), null, 'bands that only touch');
select is(pg_temp.refusal('{"currency": "EUR"}'), null, 'a currency');
select is(pg_temp.refusal('{"priority": 1}'), null, 'another priority');
select is(pg_temp.refusal('{"priority": 3, "currency": "USD"}'), null, 'one without a band beside those with');
select is(pg_temp.refusal('{"appliesTo": "SHIPPING"}'), null, 'shipping');
select is((select pg_temp.refusal(jsonb_build_object('sellerId', sued)) from f), null, 'another seller');
select is((select pg_temp.refusal(jsonb_build_object('validFrom', core.now() + interval '1 day', 'validUntil', core.now() + interval '2 days', 'priority', 9))), null, 'a window');
select is((select pg_temp.refusal(jsonb_build_object('validFrom', core.now() + interval '2 days', 'validUntil', core.now() + interval '3 days', 'priority', 9))), null, 'and the next one');
select throws_ok($$ insert into pricing.commission_rules (rule_id, name, valid_from, created_at) values (core.new_id(), 'by hand', core.now(), core.now()) $$,
                 '23P01', null, 'not even by hand');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

-- refused
create function pg_temp.fault(p_document jsonb) returns text language plpgsql as $$
declare
  v_column text;
begin
  perform pg_temp.make(p_document);
  return 'none';
exception
  when sqlstate 'MK422' then
    get stacked diagnostics v_column = column_name;
    return sqlerrm || ' ' || v_column;
end $$;
select is(pg_temp.fault('{"name": " "}'), 'pricing.rule_invalid name', 'no name');
select is(pg_temp.fault('{"percentBp": 10001}'), 'pricing.rule_invalid percentBp', 'more than everything');
select is(pg_temp.fault('{"vatBp": -1}'), 'pricing.rule_invalid vatBp', 'a negative VAT');
select is(pg_temp.fault('{"priority": 1000001}'), 'pricing.rule_invalid priority', 'a priority beyond the limit');
select is(pg_temp.fault('{"base": "LIST"}'), 'pricing.rule_invalid base', 'an unknown base');
select is(pg_temp.fault('{"appliesTo": "GIFT"}'), 'pricing.rule_invalid appliesTo', 'an unknown kind');
select is(pg_temp.fault('{"fixedPer": "ORDER"}'), 'pricing.rule_invalid fixedPer', 'an unknown unit');
select is(pg_temp.fault('{"appliesTo": "SHIPPING", "fixedPer": "UNIT"}'), 'pricing.rule_invalid fixedPer', 'units of shipping');
select is((select pg_temp.fault(jsonb_build_object('appliesTo', 'SHIPPING', 'productId', sid)) from f), 'pricing.rule_invalid productId', 'shipping of a product');
select is((select pg_temp.fault(jsonb_build_object('appliesTo', 'SHIPPING', 'categoryId', sid)) from f), 'pricing.rule_invalid categoryId', 'or category');
select is(pg_temp.fault(jsonb_build_object('appliesTo', 'SHIPPING', 'unitPriceFrom', test.usd(1))), 'pricing.rule_invalid unitPriceFrom', 'or price band');
select is(pg_temp.fault(jsonb_build_object('unitPriceFrom', test.usd(5), 'unitPriceBelow', test.usd(5))), 'pricing.rule_invalid unitPriceBelow', 'an empty band');
select is(pg_temp.fault(jsonb_build_object('min', test.usd(5), 'max', test.usd(4))), 'pricing.rule_invalid max', 'a cap below the floor');
select is(pg_temp.fault(jsonb_build_object('fixed', test.usd(-5))), 'pricing.rule_invalid fixed/amountMinor', 'a negative amount');
select is(pg_temp.fault(jsonb_build_object('fixed', test.usd(5), 'currency', 'EUR')), 'pricing.rule_invalid fixed/currency', 'two currencies');
select is(pg_temp.fault(jsonb_build_object('validFrom', core.now() - interval '1 s')), 'pricing.rule_invalid validFrom', 'in the past');
select is(pg_temp.fault(jsonb_build_object('validUntil', core.now())), 'pricing.rule_invalid validUntil', 'ending before it begins');
select is((select pg_temp.fault(jsonb_build_object('sellerId', lamp)) from f), 'pricing.seller_unknown sellerId', 'an unknown seller');
select is((select pg_temp.fault(jsonb_build_object('categoryId', lamp)) from f) || (select pg_temp.fault(jsonb_build_object('productId', lamp)) from f),
          'pricing.category_unknown categoryIdpricing.product_unknown productId', 'an unknown category or product');
select is(pg_temp.fault('{"currency": "XXX"}'), 'pricing.currency_unknown currency', 'an unknown currency');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(sam), '{"name": "x"}') as r $$, 'MK403', 'identity.role_required', 'a seller');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(), '{"name": "x"}') as r $$, 'MK401', 'identity.unauthenticated', 'nobody');

select * from finish();
rollback;
