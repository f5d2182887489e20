begin;
select plan(52);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
alter table f add root uuid, add leaf uuid, add product uuid;
update f set root = core.new_id(), leaf = core.new_id(), product = (select product_id from catalog.variants where variant_id = lamp);
insert into catalog.categories (category_id, path, name, slug, created_at, updated_at)
select root, array[root], 'Root', 'root', core.now(), core.now() from f;
insert into catalog.categories (category_id, parent_id, path, name, slug, created_at, updated_at)
select leaf, root, array[root, leaf], 'Leaf', 'leaf', core.now(), core.now() from f;
-- A line of the product in the leaf: unit price, quantity, what promotions take off and how much of that the seller bears.
create function pg_temp.charge(
  p_price bigint, p_quantity integer default 1, p_currency text default 'USD', p_discount bigint default 0, p_borne bigint default null
) returns pricing.commission language sql as $$
  select c
  from f, pricing._commissions_for(array[row(1, null, p_currency, '{}', null, null, null)::pricing.basket],
       array[test.basket_line(1, sid, product, array[root, leaf], p_quantity, p_price)], '{}',
       array[row(1, sid, 1, core.new_id(), 1, null, 'LINES', p_discount, false, p_price, coalesce(p_borne, p_discount), p_discount)::pricing.adjustment],
       core.now()) as c $$;
create function pg_temp.commission(
  p_price bigint, p_quantity integer default 1, p_currency text default 'USD', p_discount bigint default 0, p_borne bigint default null
) returns text language sql as $$
  select c.percent_bp || '+' || c.fixed_minor || '=' || c.amount_minor from pg_temp.charge(p_price, p_quantity, p_currency, p_discount, p_borne) as c $$;
create function pg_temp.rule(p_bp integer, p_seller uuid, p_category uuid, p_product uuid, p_more jsonb default '{}') returns uuid language sql as $$
  select test.rule(jsonb_build_object('percentBp', p_bp, 'sellerId', p_seller, 'categoryId', p_category, 'productId', p_product) || p_more) $$;

-- Precedence: each rule that is made is of higher rank than those before, and wins. docs/pricing.md has the table.
select is(pg_temp.commission(1000), '0+0=0', 'no rule, no commission');
select pg_temp.rule(1000, null, null, null);
select is(pg_temp.commission(1000), '1000+0=100', 'default');
select pg_temp.rule(1010, null, null, null, '{"currency": "USD"}');
select is(pg_temp.commission(1000), '1010+0=101', 'default in the order''s currency');
select pg_temp.rule(1020, null, null, null, jsonb_build_object('unitPriceFrom', test.usd(1000)));
select is(pg_temp.commission(1000), '1020+0=102', 'default with a price band');
select is(pg_temp.commission(999), '1010+0=101', 'below the band');
select pg_temp.rule(1100, null, root, null) from f;
select is(pg_temp.commission(1000), '1100+0=110', 'category above');
select pg_temp.rule(1200, null, leaf, null) from f;
select is(pg_temp.commission(1000), '1200+0=120', 'category, the nearest');
select pg_temp.rule(1110, null, root, null, jsonb_build_object('unitPriceFrom', test.usd(1))) from f;
select is(pg_temp.commission(1000), '1200+0=120', 'a band does not lift the category above');
select pg_temp.rule(1300, sid, null, null) from f;
select is(pg_temp.commission(1000), '1300+0=130', 'seller');
select pg_temp.rule(1400, sid, root, null) from f;
select is(pg_temp.commission(1000), '1400+0=140', 'seller and category above');
select pg_temp.rule(1500, sid, leaf, null) from f;
select is(pg_temp.commission(1000), '1500+0=150', 'seller and category, the nearest');
select pg_temp.rule(1600, null, null, product) from f;
select is(pg_temp.commission(1000), '1600+0=160', 'product');
select pg_temp.rule(1610, null, root, product) from f;
select is(pg_temp.commission(1000), '1610+0=161', 'product and category above');
select pg_temp.rule(1620, null, leaf, product) from f;
select is(pg_temp.commission(1000), '1620+0=162', 'product and category, the nearest');
select pg_temp.rule(1700, sid, null, product) from f;
select is(pg_temp.commission(1000), '1700+0=170', 'product and seller');
select pg_temp.rule(1710, sid, root, product) from f;
select is(pg_temp.commission(1000), '1710+0=171', 'product, seller and category');
select pg_temp.rule(1800, sued, null, product, '{"priority": 99}') from f;
select is(pg_temp.commission(1000), '1710+0=171', 'another seller''s rule does not count');
select pg_temp.rule(1800, sid, null, product, '{"priority": 98, "currency": "EUR"}') from f;
select is(pg_temp.commission(1000), '1710+0=171', 'nor one in another currency');
select pg_temp.rule(500, null, root, null, '{"priority": 1}') from f;
select is(pg_temp.commission(1000), '500+0=50', 'priority goes before everything else');

-- amounts: the worked examples of docs/pricing.md; each rule has the next priority
select pg_temp.rule(100, sid, null, product, jsonb_build_object('priority', 2, 'fixed', test.usd(30))) from f;
select is(pg_temp.commission(999, 2), '100+30=80', 'A: 1 % of 19.98 is 0.1998, rounded to 0.20, and 0.30 for each of two units');
select is(pg_temp.commission(999, 2, 'EUR'), '1800+0=360', 'in another currency another rule is chosen');
select is(pg_temp.commission(4, 5), '100+30=20', 'A: never more than the line');
select is(pg_temp.commission(1000, 1, 'USD', 1000), '100+30=0', 'A: nothing of nothing');
select is(pg_temp.commission(50), '100+30=31', 'A: half a cent rounds up');
select is(pg_temp.commission(49), '100+30=30', 'A: less than half rounds down');
select is(pg_temp.commission(9000000000000000), '100+30=90000000000030', 'large amounts do not overflow');
select is((select c.exact_percent from pg_temp.charge(49) as c), 0.49, 'the snapshot keeps the percentage before rounding');
select pg_temp.rule(1000, null, null, null, jsonb_build_object('priority', 3, 'fixed', test.usd(25), 'fixedPer', 'LINE', 'min', test.usd(150), 'max', test.usd(500), 'vatBp', 1900));
select results_eq($$ select c.amount_minor, c.vat_minor from pg_temp.charge(1000, 2) as c $$, $$ values (225::bigint, 43::bigint) $$, 'B: 2.00 + 0.25 once, and 19 % VAT: 0.4275 rounded to 0.43');
select is((select c.amount_minor from pg_temp.charge(1000) as c), 150::bigint, 'B: 1.25 is raised to the floor');
select is((select c.amount_minor from pg_temp.charge(4750) as c), 500::bigint, 'B: 4.75 + 0.25 is the cap');
select is((select c.amount_minor from pg_temp.charge(9999) as c), 500::bigint, 'B: more is cut to it');
select results_eq($$ select c.amount_minor, c.vat_minor from pg_temp.charge(100) as c $$, $$ values (100::bigint, 19::bigint) $$, 'B: the floor never takes more than the line; VAT comes on top');
select pg_temp.rule(1000, null, null, null, '{"priority": 4, "base": "GROSS"}');
select results_eq($$ select c.base_minor, c.amount_minor, c.limit_minor from pg_temp.charge(1000, 2, 'USD', 500) as c $$, $$ values (2000::bigint, 200::bigint, 1500::bigint) $$, 'C: of the gross amount');
select results_eq($$ select c.base_minor, c.amount_minor, c.limit_minor from pg_temp.charge(1000, 1, 'USD', 950) as c $$, $$ values (1000::bigint, 50::bigint, 50::bigint) $$, 'C: never more than what the seller earns');
select results_eq($$ select c.amount_minor, c.limit_minor from pg_temp.charge(1000, 1, 'USD', 950, 0) as c $$, $$ values (100::bigint, 1000::bigint) $$, 'C: who earns the discount too when the platform bears it');
select results_eq($$ select c.amount_minor, c.limit_minor from pg_temp.charge(1000, 1, 'USD', 1000, 400) as c $$, $$ values (100::bigint, 600::bigint) $$, 'C: and a part of it when it is shared, on a line that costs nothing');
select pg_temp.rule(0, null, null, null, jsonb_build_object('priority', 5, 'fixed', test.usd(7), 'unitPriceFrom', test.usd(2000), 'unitPriceBelow', test.usd(3000)));
select is(pg_temp.commission(1999) || ' ' || pg_temp.commission(2000) || ' ' || pg_temp.commission(2999) || ' ' || pg_temp.commission(3000),
          '1000+0=200 0+7=7 0+7=7 1000+0=300', 'a band holds its lower and not its upper bound');

-- shipping: rules of its own, the most specific is a seller's
create function pg_temp.shipping(p_fee bigint, p_discount bigint default 0, p_borne bigint default 0) returns text language sql as $$
  select string_agg(coalesce('L' || c.line_no, 'S') || ' ' || c.base_minor || ' ' || c.amount_minor || ' ' || c.vat_minor || ' ' || c.limit_minor, ', ' order by c.ordinality)
  from f, pricing._commissions_for(array[row(1, null, 'USD', '{}', null, null, null)::pricing.basket], '{}',
       array[row(1, sid, p_fee)::pricing.basket_shipping],
       array[row(1, sid, null, core.new_id(), 1, null, 'SHIPPING', p_discount, false, p_fee, p_borne, p_discount)::pricing.adjustment],
       core.now()) with ordinality as c $$;
select is(pg_temp.shipping(490), null, 'rules for lines are not for shipping, and no rule leaves no row');
select test.rule('{"appliesTo": "SHIPPING", "percentBp": 1000}');
select is(pg_temp.shipping(490), 'S 490 49 0 490', 'a share of the fee');
select is(pg_temp.commission(2000), '0+7=7', 'rules for shipping are not for lines');
select test.rule(jsonb_build_object('appliesTo', 'SHIPPING', 'percentBp', 2000, 'sellerId', sid, 'vatBp', 1000)) from f;
select is(pg_temp.shipping(490), 'S 490 98 10 490', 'the seller''s own rule, with VAT');
select is(pg_temp.shipping(490, 490, 490), 'S 0 0 0 0', 'free shipping that the seller bears');
select is(pg_temp.shipping(490, 490, 0), 'S 0 0 0 490', 'that the platform bears');
select is(pg_temp.shipping(0), null, 'no fee, no row');

-- time: a scheduled rule begins by the clock, a replaced version ends
select r.version from f, pricing.commission_rules as c, pricing.update_commission_rule(test.ctx(admin), c.rule_id, 1,
  jsonb_build_object('name', 'a rule', 'percentBp', 200, 'priority', 6, 'validUntil', core.now() + interval '1 hour')) as r
where c.percent_bp = 100;
select is(pg_temp.commission(1000), '200+0=20', 'the next version is in force at once');
update core.clock set clock_offset = interval '2 hours';
select is(pg_temp.commission(1000), '1000+0=100', 'and ends by the clock');
update core.clock set clock_offset = interval '0';
select is((select c.amount_minor from f, pricing._commissions_for(array[row(1, null, 'USD', '{}', null, null, null)::pricing.basket],
             array[test.basket_line(1, sid, product, array[root, leaf], 1, 1000)], '{}', '{}', core.now() + interval '1 day') as c), 100::bigint, 'any moment can be asked for');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

-- one row per line, in the order of the lines
select results_eq(
  $$ select c.basket_no, c.line_no, c.base_minor from f, pricing._commissions_for(
       array[row(1, null, 'USD', '{}', null, null, null)::pricing.basket, row(2, null, 'EUR', '{}', null, null, null)::pricing.basket],
       array[test.basket_line(1, sid, product, array[root], 1, 7, 2), test.basket_line(2, sued, product, array[leaf], 1, 8, 1), test.basket_line(1, sid, product, array[leaf], 1, 9, 1)],
       array[row(1, sid, 5)::pricing.basket_shipping], '{}', core.now()) as c $$,
  $$ values (2, 1, 7::bigint), (1, 2, 8), (1, 1, 9), (1, null, 5) $$, 'rows follow the lines, then shipping');

-- the same line twice at two prices is two lines
select results_eq(
  $$ select c.line_no, c.amount_minor from f, pricing._commissions_for(array[row(1, null, 'USD', '{}', null, null, null)::pricing.basket],
       array[test.basket_line(1, sued, lamp, array[root], 1, 2000, 1), test.basket_line(2, sued, lamp, array[root], 3, 1000, 1)], '{}', '{}', core.now()) as c $$,
  $$ values (1, 7::bigint), (2, 300) $$, 'bands look at each line''s own unit price');
select is_empty($$ select * from pricing._commissions_for('{}', '{}', '{}', '{}', core.now()) $$, 'nothing of nothing');
select is((select count(distinct pricing._commission_rank(r, array[root, leaf])) from f, pricing.commission_rules as r where r.applies_to = 'LINE' and r.valid_until is null and r.currency is null),
          (select count(*) from pricing.commission_rules as r where r.applies_to = 'LINE' and r.valid_until is null and r.currency is null)
          , 'no two rules that could meet have the same rank');

select * from finish();
rollback;
