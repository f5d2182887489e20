-- What an order keeps of its commissions: each figure of the snapshot is broken once, past the functions and the triggers.
begin;
select plan(11);
create temporary table f as
select test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sam, test.seller_id(test.seller('sue')) as sue;
alter table f add lamp uuid, add rug uuid, add o uuid;
update f set lamp = test.offer(sam, 1000, 5), rug = test.offer(sue, 3000, 5);
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select sam, 'USD', 490, core.now() from f;
select test.rule(jsonb_build_object('percentBp', 1234, 'fixed', test.usd(3), 'vatBp', 1900));
select test.rule(jsonb_build_object('percentBp', 700, 'vatBp', 1900, 'appliesTo', 'SHIPPING'));
update f set o = (select p.order_id
                    from orders.place_orders(jsonb_build_array(
                           test.placing(ana, jsonb_build_object(lamp::text, 2, rug::text, 1)))) as p);
select test.disarm('orders.commissions', 'orders.shipping_commissions');
select is(test.broken('orders'), '{}', 'all is well');

create function pg_temp.commission(p_set text) returns text[] language sql as $$
  select test.broken('orders', format('update orders.commissions as c set %s from f where c.order_id = f.o and c.seller_id = f.sam', p_set)) $$;
create function pg_temp.shipping(p_set text) returns text[] language sql as $$
  select test.broken('orders', format('update orders.shipping_commissions as c set %s from f where c.order_id = f.o', p_set)) $$;
select is(pg_temp.commission('amount_minor = amount_minor + 1'), '{orders.commission_follows_from_snapshot}', 'one more than computed');
select is(pg_temp.commission('vat_minor = vat_minor - 1'), '{orders.commission_follows_from_snapshot}', 'less VAT');
select is(pg_temp.commission('exact_percent = 0'), '{orders.commission_follows_from_snapshot}', 'another percentage before rounding');
select is(pg_temp.commission('limit_minor = limit_minor + 1'), '{orders.line_has_commission}', 'a seller who earns more than the line');
select is(pg_temp.commission('rule_version = 2'), '{orders.commission_is_of_its_rule}', 'a version that never was');
select is(pg_temp.commission('min_minor = 1'), '{orders.commission_is_of_its_rule}', 'a floor that the rule does not have');
select is(pg_temp.shipping('amount_minor = 1'), '{orders.commission_follows_from_snapshot}', 'another commission on shipping');
select is(pg_temp.shipping('rule_id = core.new_id()'), '{orders.commission_is_of_its_rule}', 'by nobody''s rule');
select is(pg_temp.shipping('limit_minor = 491'), '{orders.shipping_commission_is_of_shipping}', 'on more than the fee');
select is(pg_temp.shipping($$base = 'GROSS', base_minor = 491, exact_percent = 34.37$$),
  '{orders.commission_is_of_its_rule,orders.shipping_commission_is_of_shipping}', 'of more than the fee');

select * from finish();
rollback;
