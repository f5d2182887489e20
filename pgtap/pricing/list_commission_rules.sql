begin;
select plan(16);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued,
       core.now() as start;
alter table f add lamp uuid, add changed uuid;
update f set lamp = test.offer(sid, 1000, 50);
select test.rule('{"name": "one", "percentBp": 1000}');
select test.rule(jsonb_build_object('name', 'two', 'sellerId', sid, 'currency', 'EUR', 'validFrom', core.now() + interval '1 hour')) from f;
update f set changed = test.rule(jsonb_build_object('name', 'three', 'sellerId', sued, 'priority', 4));
select test.rule(jsonb_build_object('name', 'four', 'appliesTo', 'SHIPPING', 'percentBp', 500)) from f;
create function pg_temp.names(
  p_seller_id uuid default null, p_category_id uuid default null, p_product_id uuid default null, p_applies_to text default null, p_priority integer default null,
  p_currency text default null, p_status text default null, p_active_at timestamptz default null, p_cursor text default null, p_limit integer default 9
) returns text language sql as $$
  select string_agg(l.name, ' ' order by l.ordinality)
  from f, pricing.list_commission_rules(test.ctx(admin), p_seller_id, p_category_id, p_product_id, p_applies_to, p_priority, p_currency, p_status,
                                        p_active_at, p_cursor, p_limit) with ordinality as l $$;

select is(pg_temp.names(p_limit => 2), 'four three two', 'newest first, one row more than the page');
select is(pg_temp.names(p_limit => 2, p_cursor => (
            select l.page_cursor from f, pricing.list_commission_rules(test.ctx(admin), null, null, null, null, null, null, null, null, null, 2) as l offset 1 limit 1)),
          'two one', 'the next page');
select is((select pg_temp.names(p_seller_id => sid) from f), 'two', 'by seller');
select is(pg_temp.names(p_status => 'SCHEDULED'), 'two', 'by status');
select is((select pg_temp.names(p_category_id => lamp) from f), null, 'by category');
select is((select pg_temp.names(p_product_id => lamp) from f), null, 'by product');
select is(pg_temp.names(p_applies_to => 'SHIPPING'), 'four', 'by what it applies to');
select is(pg_temp.names(p_priority => 4), 'three', 'by priority');
select is(pg_temp.names(p_currency => 'EUR'), 'two', 'by currency');

-- at a moment: who was in force, as they were then
update core.clock set clock_offset = interval '2 hours';
select u.version from f, pricing.update_commission_rule(test.ctx(admin), changed, 1, '{"name": "three, later"}') as u;
select is((select pg_temp.names(p_active_at => start + interval '1 minute') from f), 'four three one', 'an hour ago two was not in force, and three had its first version');
select is(pg_temp.names(p_active_at => core.now()), 'four three, later two one', 'now');

select throws_ok($$ select pg_temp.names(p_status => 'OPEN') $$, 'MK422', 'pricing.filter_invalid', 'an unknown status');
select throws_ok($$ select pg_temp.names(p_applies_to => 'GIFT') $$, 'MK422', 'pricing.filter_invalid', 'an unknown kind');
select throws_ok($$ select pg_temp.names(p_cursor => 'x') $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');
select throws_ok($$ select l.* from f, pricing.list_commission_rules(test.ctx(sam), null, null, null, null, null, null, null, null, null, 9) as l $$, 'MK403', 'identity.role_required', 'a seller');
select throws_ok($$ select l.* from f, pricing.list_commission_rules(test.ctx(), null, null, null, null, null, null, null, null, null, 9) as l $$, 'MK401', 'identity.unauthenticated', 'nobody');

select * from finish();
rollback;
