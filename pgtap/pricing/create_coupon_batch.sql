begin;
select plan(27);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add p uuid, add mine uuid, add lamp uuid;
update f set p = test.promotion('{"requiresCoupon": true, "usageLimit": 3}'), lamp = test.offer(sid, 1000, 50);
create function pg_temp.batch(p_actor uuid, p_id uuid, p_count integer, p_prefix text default null, p_limit integer default 1) returns text language plpgsql as $$
declare v_batch pricing.view_coupon_batch; v_column text;
begin
  select b.* into v_batch from pricing.create_coupon_batch(test.ctx(p_actor), p_id, p_count, p_prefix, p_limit) as b;
  return v_batch.code_count || ' ' || v_batch.prefix || ' ' || coalesce(v_batch.per_code_limit::text, '-') || ' ' || coalesce(v_batch.used_codes::text, '-');
exception when others then
  get stacked diagnostics v_column = column_name;
  return sqlerrm || case v_column when '' then '' else ' ' || v_column end;
end $$;
select is(pg_temp.batch(admin, p, 1000, 'spring'), '1000 SPRING 1 0', 'a thousand codes') from f;
select is((select count(distinct c.code)::int from pricing.coupons as c, f where c.promotion_id = p), 1000, 'all different');
select is((select count(*)::int from pricing.coupons where code !~ '^SPRING-[A-HJ-NP-Z2-9]{12}$'), 0, 'twelve characters behind the prefix');
-- each of the twelve places takes all of the 32 characters: nothing of the code is fixed or counted up
select is((select count(distinct (i, substr(c.code, 7 + i, 1)))::int from pricing.coupons as c, generate_series(1, 12) as i), 12 * 32, 'every place takes every character');
select is(pg_temp.batch(admin, p, 2, null, null), '2  - -', 'without prefix, without limit') from f;
select is((select string_agg(payload ->> 'count', ' ' order by staging_id) from events.staging where type = 'pricing.coupons_generated'), '1000 2', 'events tell how many');
select is((select count(*)::int from events.staging as s, pricing.coupons as c where s.payload::text like '%' || c.code || '%'), 0, 'but not which');

-- refused
select is(pg_temp.batch(admin, p, c), 'pricing.batch_invalid count', c || ' codes') from f, unnest(array[0, -1, 10001, null]) as c;
select is(pg_temp.batch(admin, p, 1, x), 'pricing.batch_invalid prefix', x) from f, unnest(array['A-B', 'ABCDEFGHIJKLMNOPQ', 'ÄÖ']) as x;
select is(pg_temp.batch(admin, p, 1, null, 0), 'pricing.batch_invalid perCodeLimit', 'no use') from f;
select is(pg_temp.batch(admin, test.promotion('{}'), 1), 'pricing.promotion_automatic', 'one that applies by itself') from f;
select is(pg_temp.batch(admin, sid, 1), 'pricing.promotion_not_found', 'an unknown one') from f;
select is(pg_temp.batch(sam, p, 1), 'pricing.promotion_not_found', 'not the seller''s') from f;
select is(pg_temp.batch(ana, p, 1), 'identity.role_required', 'a buyer') from f;
select is(pg_temp.batch(null, p, 1), 'identity.unauthenticated', 'nobody') from f;

-- what a code does: it is found, used as often as it may be, and a second one of the same promotion is not needed
create function pg_temp.place(p_buyer uuid, variadic p_codes text[]) returns text language sql as $$
  select coalesce(o.problem_code, 'paid ' || o.total_minor) from f, orders.place_orders(jsonb_build_array(
    test.placing(p_buyer, jsonb_build_object(lamp, 1), null, p_codes))) as o $$;
create temporary table codes as
select array_agg(c.code order by c.code) filter (where c.usage_limit = 1) as once, array_agg(c.code) filter (where c.usage_limit is null) as often
from pricing.coupons as c;
select is(pg_temp.place(ana, lower(once[1])), 'paid 810', 'a code counts, in small letters too') from f, codes;
select is(pg_temp.place(ben, once[1]), 'pricing.coupon_exhausted', 'once') from f, codes;
select is(pg_temp.place(ben, once[2], once[3]), 'pricing.coupon_redundant', 'one code of a promotion is enough') from f, codes;
select is(pg_temp.place(ben, often[1]), 'paid 810', 'another code, without limit of its own') from f, codes;
select is(pg_temp.place(ben, often[1]), 'paid 810', 'is used again') from f, codes;
select is(pg_temp.place(ben, often[1]), 'pricing.coupon_exhausted', 'until the promotion is used up') from f, codes;
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
