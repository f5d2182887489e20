begin;
select plan(21);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
-- Precedence: each rule that is made is more specific than those before, and wins. docs/pricing.md has the table.
alter table f add root uuid, add leaf uuid, add product uuid;
update f set root = core.new_id(), leaf = core.new_id(), product = (select product_id from catalog.variants where variant_id = lamp);
insert into catalog.categories (category_id, path, name, slug, created_at, updated_at)
select root, array[root], 'Root', 'root', core.now(), core.now() from f;
insert into catalog.categories (category_id, parent_id, path, name, slug, created_at, updated_at)
select leaf, root, array[root, leaf], 'Leaf', 'leaf', core.now(), core.now() from f;
create function pg_temp.commission(p_net bigint, p_quantity integer default 1, p_currency text default 'USD') returns text language sql as $$
  select c.percent_bp || '+' || c.fixed_minor || '=' || c.amount_minor
  from f, pricing._commissions_for(array[row(1, null, p_currency, '{}', null, null, null)::pricing.basket],
       array[test.basket_line(1, sid, product, array[root, leaf], p_quantity, 1000)], array[p_net], core.now()) as c $$;
create function pg_temp.rule(p_bp integer, p_seller uuid, p_category uuid, p_product uuid, p_fixed bigint default 0, p_currency text default null) returns uuid language sql as $$
  select r.rule_id from pricing.create_commission_rule(test.ctx(test.admin()), 'a rule', p_seller, p_category, p_product, p_bp, p_fixed, p_currency, null, null) as r $$;

select is(pg_temp.commission(1000), '0+0=0', 'no rule, no commission');
select pg_temp.rule(1000, null, null, null);
select is(pg_temp.commission(1000), '1000+0=100', '6 default');
select pg_temp.rule(1100, null, root, null) from f;
select is(pg_temp.commission(1000), '1100+0=110', '5 category above');
select pg_temp.rule(1200, null, leaf, null) from f;
select is(pg_temp.commission(1000), '1200+0=120', '5 category, the nearest');
select pg_temp.rule(1300, sid, null, null) from f;
select is(pg_temp.commission(1000), '1300+0=130', '4 seller');
select pg_temp.rule(1400, sid, root, null) from f;
select is(pg_temp.commission(1000), '1400+0=140', '3 seller and category above');
select pg_temp.rule(1500, sid, leaf, null) from f;
select is(pg_temp.commission(1000), '1500+0=150', '3 seller and category, the nearest');
select pg_temp.rule(1600, null, null, product) from f;
select is(pg_temp.commission(1000), '1600+0=160', '2 product');
select pg_temp.rule(1700, sid, null, product) from f;
select is(pg_temp.commission(1000), '1700+0=170', '1 product and seller');
select pg_temp.rule(1800, sued, null, product) from f;
select is(pg_temp.commission(1000), '1700+0=170', 'another seller''s rule does not count');

-- currencies, rounding, limits
select pg_temp.rule(100, sid, null, product, 30, 'USD') from f;
select is(pg_temp.commission(999, 2), '100+30=70', 'the rule in the order''s currency goes first: 9.99 cents round to 10, and 30 for each unit');
select is(pg_temp.commission(999, 2, 'EUR'), '1700+0=170', 'the other one for other currencies');
select is(pg_temp.commission(20, 5), '100+30=20', 'never more than the line');
select is(pg_temp.commission(0), '100+30=0', 'nothing of nothing');
select is(pg_temp.commission(50), '100+30=31', 'half a cent rounds up');
select is(pg_temp.commission(49), '100+30=30', 'less than half rounds down');
select is(pg_temp.commission(9000000000000000), '100+30=90000000000030', 'large amounts do not overflow');

-- time: a scheduled rule begins by the clock, a replaced version ends
select r.version from f, pricing.commission_rules as c, pricing.update_commission_rule(test.ctx(admin), c.rule_id, 1, 'a rule', 200, 0, 'USD', core.now() + interval '1 hour') as r
where c.percent_bp = 100;
select is(pg_temp.commission(1000), '200+0=20', 'the next version is in force at once');
update core.clock set clock_offset = interval '2 hours';
select is(pg_temp.commission(1000), '1700+0=170', 'and ends by the clock');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

-- one row per line, in the order of the lines
select results_eq(
  $$ select c.basket_no, c.line_no, c.base_minor from f, pricing._commissions_for(
       array[row(1, null, 'USD', '{}', null, null, null)::pricing.basket, row(2, null, 'EUR', '{}', null, null, null)::pricing.basket],
       array[test.basket_line(1, sid, product, array[root], 1, 5, 2), test.basket_line(2, sued, product, array[leaf], 1, 5, 1), test.basket_line(1, sid, product, array[leaf], 1, 5, 1)],
       array[7, 8, 9], core.now()) as c $$,
  $$ values (2, 1, 7::bigint), (1, 2, 8), (1, 1, 9) $$, 'rows follow the lines');

select * from finish();
rollback;
