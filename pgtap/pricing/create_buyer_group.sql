begin;
select plan(10);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
create function pg_temp.made(p_actor uuid, p_code text, p_name text) returns text language plpgsql as $$
declare v_column text;
begin
  return (select g.group_code || ' ' || g.name || ' ' || g.version || ' ' || g.member_count from pricing.create_buyer_group(test.ctx(p_actor), p_code, p_name) as g);
exception when others then get stacked diagnostics v_column = column_name; return sqlerrm || ' ' || v_column;
end $$;
select is(pg_temp.made(admin, 'vip', ' Friends '), 'vip Friends 1 0', 'a group') from f;
select is(pg_temp.made(admin, 'vip', 'Again'), 'pricing.group_exists code', 'once') from f;
select is(pg_temp.made(admin, c, 'x'), 'pricing.group_invalid code', coalesce(c, 'none')) from f, unnest(array['VIP', '-a', '', null]) as c;
select is(pg_temp.made(admin, 'b', ' '), 'pricing.group_invalid name', 'no name') from f;
select is(pg_temp.made(sam, 'b', 'x'), 'identity.role_required ', 'a seller') from f;
select is(pg_temp.made(null, 'b', 'x'), 'identity.unauthenticated ', 'nobody') from f;
select is((select string_agg(concat_ws(' ', s.type, s.aggregate_version, s.payload ->> 'groupCode', s.payload ->> 'version', s.payload ->> 'buyerId' = (select ana::text from f)), ', ' order by s.staging_id) from events.staging as s where s.aggregate_type = 'buyer_group'), 'pricing.buyer_group_created 1 vip 1', 'told once');

select * from finish();
rollback;
