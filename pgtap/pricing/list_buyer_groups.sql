begin;
select plan(4);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
select g.name from f, unnest(array['vip', 'staff', 'press']) as c (code), pricing.create_buyer_group(test.ctx(admin), c.code, c.code) as g;
select is((select string_agg(g.name, ' ') from f, pricing.list_buyer_groups(test.ctx(admin), null, 10) as g), 'press staff vip', 'in order');
select is((select string_agg(g.name, ' ') from f, pricing.list_buyer_groups(test.ctx(admin),
            (select x.page_cursor from f, pricing.list_buyer_groups(test.ctx(admin), null, 1) as x limit 1), 1) as g), 'staff vip', 'the next page');
select throws_ok($$ select g.* from f, pricing.list_buyer_groups(test.ctx(sam), null, 1) as g $$, 'MK403', 'identity.role_required', 'a seller');
select throws_ok($$ select g.* from f, pricing.list_buyer_groups(test.ctx(admin), 'x', 1) as g $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');

select * from finish();
rollback;
