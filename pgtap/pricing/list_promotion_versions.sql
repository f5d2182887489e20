begin;
select plan(9);
create temporary table f as
select test.buyer('ana') as ana, test.admin() as admin, test.seller('sam') as sam;
alter table f add p uuid;
create temporary table given as select '{"name": "Two lamps", "type": "FIXED_AMOUNT", "target": "LINES", "amount": {"amountMinor": 150, "currency": "USD"}, "minQuantity": 2, "condition": {"subtotal": {"min": 100}}, "couponCode": "LAMPS"}'::jsonb as rules;
update f set p = (select c.promotion_id from given, pricing.create_promotion(test.ctx(admin), rules) as c);
select is((select count(*)::int from f, pricing.list_promotion_versions(test.ctx(admin), p, null, 10)), 0, 'a draft acts under none');
select a.status from f, pricing.activate_promotion(test.ctx(admin), p) as a;
select u.version from f, given, pricing.update_promotion(test.ctx(admin), p, 2, rules || '{"minQuantity": 3}') as u;
select is((select string_agg(concat_ws('/', v.version, v.rules ->> 'minQuantity', v.closed_at is null), ' ')
           from f, pricing.list_promotion_versions(test.ctx(admin), p, null, 10) as v), '3/3/t 2/2/f', 'newest first, each with its own rules');
select is((select string_agg(v.version::text, ' ') from f, pricing.list_promotion_versions(test.ctx(admin), p,
            (select x.page_cursor from f, pricing.list_promotion_versions(test.ctx(admin), p, null, 1) as x limit 1), 10) as v), '2', 'the next page');
select ok((select v.rules @> g.rules from f, given as g, pricing.list_promotion_versions(test.ctx(admin), p, null, 10) as v where v.version = 2), 'as they were sent');
-- what was read can be sent back, and is the same again
select u.version from f, pricing.list_promotion_versions(test.ctx(admin), p, null, 10) as v, pricing.update_promotion(test.ctx(admin), p, 3, v.rules) as u where v.version = 2;
select is((select v.rules from f, pricing.list_promotion_versions(test.ctx(admin), p, null, 1) as v limit 1),
          (select v.rules from f, pricing.list_promotion_versions(test.ctx(admin), p, null, 10) as v where v.version = 2), 'and can be sent back');
-- every field of a row is in the document
select is((select string_agg(c, ', ' order by c) from (select jsonb_object_keys(to_jsonb(p.*)) as c from f join pricing.promotions as p on p.promotion_id = f.p) as k
           where c <> all ('{promotion_id,seller_id,status,version,created_at,updated_at,line_path,condition_path,gift_variant_id,gift_seller_id,gift_quantity}')
             and not exists (select from f, pricing.list_promotion_versions(test.ctx(admin), p, null, 1) as v
                             where v.rules ? (case c when 'max_order_minor' then 'maxPerOrder' when 'max_line_minor' then 'maxPerLine' when 'is_exclusive' then 'exclusive'
                                              else (select lower(left(x, 1)) || substr(x, 2) from replace(initcap(replace(regexp_replace(c, '_minor$', ''), '_', ' ')), ' ', '') as x) end))),
          null, 'and complete');
select throws_ok($$ select v.* from f, pricing.list_promotion_versions(test.ctx(sam), p, null, 10) as v $$, 'MK404', 'pricing.promotion_not_found', 'not yours');
select throws_ok($$ select v.* from f, pricing.list_promotion_versions(test.ctx(ana), p, null, 10) as v $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select v.* from f, pricing.list_promotion_versions(test.ctx(admin), p, 'x', 10) as v $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');
select * from finish();
rollback;
