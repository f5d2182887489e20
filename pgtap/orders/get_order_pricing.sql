begin;
select plan(13);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin,
       test.seller('sam') as sam_user, test.seller('sue') as sue_user, test.seller('sid') as sid_user;
alter table f add lamp uuid, add chair uuid, add order_id uuid;
update f set lamp = test.offer(test.seller_id(sam_user), 1000, 5), chair = test.offer(test.seller_id(sue_user), 2500, 5);
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select test.seller_id(sam_user), 'USD', 490, core.now() from f;
insert into pricing.commission_rules (rule_id, name, percent_bp, valid_from, created_at) values (core.new_id(), 'all', 1000, core.now(), core.now());
select test.promotion('{"name": "Third", "percentBp": 3333, "funding": "SHARED", "sellerShareBp": 5000, "priority": 2}'),
       test.promotion('{"name": "Ship", "type": "FREE_SHIPPING", "target": "SHIPPING", "percentBp": null}');
update f set order_id = (select p.order_id from orders.place_orders(jsonb_build_array(
  test.placing(ana, jsonb_build_object(lamp::text, 1, chair::text, 1)))) as p);
create function pg_temp.explained(p_user_id uuid) returns orders.order_pricing language sql as $$
  select p from f, orders.get_order_pricing(test.ctx(p_user_id), order_id) as p $$;
create function pg_temp.rows(p_user_id uuid) returns text language sql as $$
  select string_agg(concat_ws(' ', a ->> 'name', 'v' || (a ->> 'promotionVersion'), 'L' || (a ->> 'lineNo'), a #>> '{base,amountMinor}', a ->> 'exactShare',
           a #>> '{amount,amountMinor}', a #>> '{sellerPart,amountMinor}'), ', ' order by a ->> 'name' desc, (a #>> '{amount,amountMinor}')::int)
  from jsonb_array_elements((pg_temp.explained(p_user_id)).adjustments) as a $$;

-- allowed
select is((select row(p.subtotal_minor, p.discount_minor, p.shipping_minor, p.total_minor)::text from f, pg_temp.explained(ana) as p), '(3500,1657,490,2333)', 'the buyer sees the sums');
select is(regexp_replace((select pg_temp.rows(ana) from f), 'L\d', 'L', 'g'), 'Third v2 L 1000 333.428571 333, Third v2 L 2500 833.571429 834, Ship v2 490 490.000000 490',
          'and every share with promotion, version, base and exact share');
select is((select (pg_temp.explained(ana)).commissions from f), null, 'but not what the marketplace keeps');
select is(regexp_replace((select pg_temp.rows(admin) from f), 'L\d', 'L', 'g'), 'Third v2 L 1000 333.428571 333 166, Third v2 L 2500 833.571429 834 417, Ship v2 490 490.000000 490 490',
          'an administrator sees who pays');
select is((select string_agg(c #>> '{amount,amountMinor}', ', ' order by c #>> '{amount,amountMinor}') from f, jsonb_array_elements((pg_temp.explained(admin)).commissions) as c),
          '167, 67', 'and the commissions');
select is((select row(p.subtotal_minor, p.discount_minor, p.shipping_minor, p.total_minor, jsonb_array_length(p.lines), jsonb_array_length(p.commissions))::text from f, pg_temp.explained(sam_user) as p),
          '(1000,823,490,667,1,1)', 'a seller sees its part');
select is(regexp_replace((select pg_temp.rows(sue_user) from f), 'L\d', 'L', 'g'), 'Third v2 L 2500 833.571429 834 417', 'and nothing of the others');
select is((select sum((a #>> '{amount,amountMinor}')::int) from f, jsonb_array_elements((pg_temp.explained(ana)).adjustments) as a)::bigint,
          (select (pg_temp.explained(ana)).discount_minor from f), 'the shares add up to the discount');
-- it never changes
select pricing.pause_promotion(test.ctx(admin), promotion_id) from f, pricing.promotions where name = 'Third';
update core.clock set clock_offset = interval '1 day';
select is(regexp_replace((select pg_temp.rows(ana) from f), 'L\d', 'L', 'g'), 'Third v2 L 1000 333.428571 333, Third v2 L 2500 833.571429 834, Ship v2 490 490.000000 490', 'whatever becomes of the promotion');
-- not yours
select throws_ok('select pg_temp.explained(ben) from f', 'MK404', 'orders.order_not_found', 'another buyer does not');
select throws_ok('select pg_temp.explained(sid_user) from f', 'MK404', 'orders.order_not_found', 'nor a seller without a part');
select throws_ok('select pg_temp.explained(null) from f', 'MK401', 'identity.unauthenticated', 'nor anybody');
select throws_ok('select orders.get_order_pricing(test.ctx(ana), ben) from f', 'MK404', 'orders.order_not_found', 'what is not there is not found either');
select * from finish();
rollback;
