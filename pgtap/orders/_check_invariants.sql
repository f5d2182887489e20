begin;
select plan(45);

-- Each invariant is broken once, past the functions and the triggers.
create temporary table f as
select test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sam, test.seller_id(test.seller('sue')) as sue;
alter table f add lamp uuid, add rug uuid, add o uuid;
update f set lamp = test.offer(sam, 1000, 5), rug = test.offer(sue, 3000, 5);
update f set o = (select p.order_id
                    from orders.place_orders(jsonb_build_array(
                           test.placing(ana, jsonb_build_object(lamp::text, 2, rug::text, 1)))) as p);
select test.disarm('orders.orders', 'orders.fulfilments', 'orders.order_lines', 'orders.adjustments', 'orders.commissions',
                   'orders.shipping_commissions', 'orders.order_history');
select is(test.broken('orders'), '{}', 'all is well');

-- sums
select is(test.broken('orders', $$
    update orders.orders as o set subtotal_minor = subtotal_minor + 1, total_minor = total_minor + 1
      from f where o.order_id = f.o $$),
  '{orders.header_is_sum_of_parts}', 'a header that asks for more than its parts');
select is(test.broken('orders', $$
    update orders.orders as o set discount_minor = 1, total_minor = total_minor - 1 from f where o.order_id = f.o $$),
  '{orders.header_is_sum_of_parts}', 'or gives a discount that no part gives');
select is(test.broken('orders', $$
    update orders.orders as o set shipping_minor = shipping_minor + 1, total_minor = total_minor + 1
      from f where o.order_id = f.o $$),
  '{orders.header_is_sum_of_parts}', 'or asks for shipping that no part asks for');
select is(test.broken('orders', $$
    update orders.orders as o set seller_ids = array[f.sam, f.ana] from f where o.order_id = f.o $$),
  '{orders.header_is_sum_of_parts}', 'or leads to other sellers');
select is(test.broken('orders', $$
    update orders.fulfilments as p
       set subtotal_minor = subtotal_minor + d.minor, total_minor = total_minor + d.minor
      from f, lateral (values (f.sam, 1), (f.sue, -1)) as d (seller_id, minor)
     where p.order_id = f.o and p.seller_id = d.seller_id $$),
  '{orders.part_is_sum_of_lines}', 'parts that trade a unit of money');
select is(test.broken('orders', $$
    insert into orders.adjustments (seller_id, order_id, adjustment_no, promotion_id, promotion_version, target, amount_minor)
    select f.sam, f.o, 99, core.new_id(), 1, 'SHIPPING', 1 from f $$),
  '{orders.adjustment_names_a_version,orders.part_is_sum_of_lines}', 'a discount on shipping that its part does not give');
select is(test.broken('orders', $$
    insert into orders.adjustments (seller_id, order_id, adjustment_no, promotion_id, promotion_version, target, amount_minor)
    select f.sam, f.o, 99, core.new_id(), 1, 'SHIPPING', p.shipping_minor + 1
      from f join orders.fulfilments as p on p.order_id = f.o and p.seller_id = f.sam;
    update orders.fulfilments as p
       set discount_minor = shipping_minor + 1, total_minor = total_minor - shipping_minor - 1
      from f where p.order_id = f.o and p.seller_id = f.sam;
    update orders.orders as o
       set discount_minor = p.discount_minor, total_minor = o.total_minor - p.discount_minor
      from f, orders.fulfilments as p where o.order_id = f.o and p.order_id = f.o and p.seller_id = f.sam $$),
  '{orders.adjustment_names_a_version,orders.part_is_sum_of_lines}', 'or that is more than the fee');
-- more than one may see it from here on: a commission depends on what its line gives
select ok('orders.line_discount_is_sum_of_adjustments' = any (test.broken('orders', $$
    insert into orders.adjustments (seller_id, order_id, adjustment_no, line_no, promotion_id, promotion_version, target, amount_minor)
    select f.sam, f.o, 99, l.line_no, core.new_id(), 1, 'LINES', 1
      from f join orders.order_lines as l on l.order_id = f.o and l.seller_id = f.sam $$)),
  'a promotion''s share that its line does not give');

-- commissions
select ok('orders.line_has_commission' = any (test.broken('orders', $$
    delete from orders.commissions as c using f where c.order_id = f.o and c.seller_id = f.sam $$)),
  'a line without a commission');
select ok('orders.line_has_commission' = any (test.broken('orders', $$
    update orders.commissions as c set base_minor = base_minor + 1 from f where c.order_id = f.o and c.seller_id = f.sam $$)),
  'a commission on more than the line');
select is(test.broken('orders', format('update orders.commissions as c set %s from f where c.order_id = f.o and c.seller_id = f.sam', change)),
          '{orders.commission_follows_from_snapshot}', change || ': not what the snapshot comes to')
  from unnest(array['amount_minor = amount_minor + 1', 'exact_percent = exact_percent + 0.001', 'vat_minor = vat_minor + 1']) as change;
select is(test.broken('orders', $$
    update orders.commissions as c set rule_id = core.new_id(), rule_version = 1 from f where c.order_id = f.o and c.seller_id = f.sam $$),
  '{orders.commission_is_of_its_rule}', 'a commission by a rule that there is not');
create function pg_temp.keep_of_shipping(p_base_off integer, p_limit_off integer) returns void language sql as $$
  insert into orders.shipping_commissions
    (seller_id, order_id, rule_id, rule_version, percent_bp, fixed_minor, base, base_minor, limit_minor, exact_percent, amount_minor,
     vat_bp, vat_minor)
  select p.seller_id, p.order_id, core.new_id(), 1, 0, 0, 'NET', p.shipping_minor + p_base_off, p.shipping_minor + p_limit_off, 0, 0, 0, 0
    from f join orders.fulfilments as p on p.order_id = f.o and p.seller_id = f.sam;
$$;
select is(test.broken('orders', format('select pg_temp.keep_of_shipping(%s, %s)', base_off, limit_off)),
          array['orders.commission_is_of_its_rule']
          || case when base_off + limit_off > 0 then array['orders.shipping_commission_is_of_shipping'] else '{}' end,
          format('a commission of the shipping fee, of %s too much, up to %s too much', base_off, limit_off))
  from (values (0, 0), (1, 0), (0, 1)) as v (base_off, limit_off);

-- history
select is(test.broken('orders', $$
    update orders.order_history as h set to_status = 'PAID' from f where h.order_id = f.o $$),
  '{orders.history_matches_status}', 'a history that ends elsewhere');
select is(test.broken('orders', $$ delete from orders.order_history as h using f where h.order_id = f.o $$),
  '{orders.history_matches_status}', 'or is gone');
select is(test.broken('orders', $$ update orders.orders as o set version = version + 1 from f where o.order_id = f.o $$),
  '{orders.history_matches_status}', 'a version that nothing explains');
-- the last entry alone would show none of these: the order is paid and accepted, and its history ends well
create function pg_temp.rewrite(p_statement text) returns text[] language sql as $$
  select test.broken('orders', format($s$
    update orders.orders as o set status = 'CANCELLED', version = 3, due_at = null from f where o.order_id = f.o;
    insert into orders.order_history (order_id, version, from_status, to_status, action, actor_kind, created_at)
    select f.o, v.version, v.from_status, v.to_status, v.action, v.kind, core.now()
    from f, (values (2, 'PENDING_PAYMENT', 'PAID', 'pay', 'SYSTEM'), (3, 'PAID', 'CANCELLED', 'cancel', 'BUYER'))
      as v (version, from_status, to_status, action, kind);
    update inventory.reservations as r set status = 'RETURNED', resolved_at = core.now() from f where r.reservation_id = f.o;
    update orders.order_history as h set %s $s$, p_statement)) $$;
select is(pg_temp.rewrite('action = h.action'), '{}', 'a whole chain');
select is(pg_temp.rewrite(s), '{orders.history_matches_status}', 'not: ' || s)
from unnest(array[$$to_status = 'EXPIRED' where h.version = 2$$, $$from_status = 'PAYMENT_FAILED' where h.version = 2$$,
                  $$version = 7 where h.version = 2$$, $$action = 'expire' where h.version = 2$$,
                  $$actor_kind = 'SELLER' where h.version = 3$$, $$from_status = 'PAID' where h.version = 1$$]) as s;
-- its archive: the tail of one that is there, and of one that was never written
select is(test.broken('orders', $$
    insert into orders.history_tails (order_id, version, to_status, archived_at) select f.o, 1, 'PENDING_PAYMENT', core.now() from f $$),
  '{orders.history_matches_status}', 'a history that is in its table and said to be gone');
select is(test.broken('orders', $$
    select orders._ensure_history_partition(core.now());
    insert into orders.history_tails (order_id, version, to_status, archived_at) select f.o, 1, 'PENDING_PAYMENT', core.now() from f $$),
  '{orders.history_tail_matches_archive}', 'a tail of what no archive holds');

-- deadlines
select is(test.broken('orders', $$ update orders.orders as o set due_at = null from f where o.order_id = f.o $$),
  '{orders.deadline_matches_status}', 'an order that nothing would ever expire');
select is(test.broken('orders', $$ update orders.orders as o set due_at = o.due_at + interval '1 s' from f where o.order_id = f.o $$),
  '{orders.deadline_matches_status}', 'or too late');
select ok('orders.deadline_matches_status' = any (test.broken('orders', format(
  'update orders.orders as o set status = %L, due_at = %s from f where o.order_id = f.o', t.status, t.due_at))), t.status || ' with due ' || t.due_at)
from (values ('PAID', 'null'), ('DELIVERED', 'null'), ('PROCESSING', 'null'), ('SHIPPED', 'o.due_at'), ('CANCELLED', 'o.due_at')) as t (status, due_at);
select ok('orders.deadline_matches_status' = any (test.broken('orders', format(
  'update orders.orders as o set status = %L, due_at = o.payment_due_at, acceptance_due_at = %s from f where o.order_id = f.o', t.status, t.due_at))),
  t.status || ' with acceptance due ' || t.due_at)
from (values ('PENDING_PAYMENT', 'o.payment_due_at'), ('PAID', 'null'), ('PAID', 'o.placed_at'), ('DELIVERED', 'o.payment_due_at')) as t (status, due_at);

-- holds: every status of an order with every status of its hold, and with none
create function pg_temp.fits(p_order_status text, p_hold_status text) returns boolean language sql as $$
  select not 'orders.hold_matches_status' = any (test.broken('orders', format(
    case when p_hold_status is null then
      'delete from inventory.reservation_lines as l using f where l.reservation_id = f.o;
       delete from inventory.reservations as r using f where r.reservation_id = f.o;'
    else
      'update inventory.reservations as r set status = %2$L, resolved_at = case when %2$L <> ''HELD'' then core.now() end
         from f where r.reservation_id = f.o;' end
    || 'update orders.orders as o set status = %1$L from f where o.order_id = f.o', p_order_status, p_hold_status)))
$$;
create temporary table pairs as
select o.status as order_status, h.status as hold_status
  from (select from_status from orders.order_transitions union select to_status from orders.order_transitions) as o (status)
 cross join unnest(array['HELD', 'CONFIRMED', 'RELEASED', 'EXPIRED', 'RETURNED', null]) as h (status);
select set_eq(
  $$ select p.order_status, p.hold_status from pairs as p where pg_temp.fits(p.order_status, p.hold_status) $$,
  $$ values ('PENDING_PAYMENT', 'HELD'), ('PAYMENT_FAILED', 'HELD'),
            ('PAID', 'CONFIRMED'), ('PROCESSING', 'CONFIRMED'), ('SHIPPED', 'CONFIRMED'), ('DELIVERED', 'CONFIRMED'),
            ('COMPLETED', 'CONFIRMED'), ('PARTIALLY_REFUNDED', 'CONFIRMED'), ('REFUNDED', 'CONFIRMED'),
            ('REFUNDED', 'RETURNED'), ('CANCELLED', 'RELEASED'), ('CANCELLED', 'RETURNED'), ('EXPIRED', 'EXPIRED') $$,
  'a hold lives, is sold and ends with its order');

-- uses of promotions
create temporary table used as select test.promotion('{"usageLimit": 5}') as p;
update f set o = (select p.order_id from orders.place_orders(jsonb_build_array(test.placing(ana, jsonb_build_object(lamp::text, 1)))) as p);
select is(test.broken('orders', $$ update pricing.redemptions as r set amount_minor = 1 from f where r.order_id = f.o $$),
  '{orders.use_is_what_was_taken_off}', 'a use that is counted at another cost');
select is(test.broken('orders', $$ update pricing.redemptions as r set returned_at = created_at from f where r.order_id = f.o $$),
  '{orders.use_is_what_was_taken_off}', 'one that was given back though the order lives');
select is(test.broken('orders', $$ delete from pricing.promotion_versions as v using used where v.promotion_id = used.p $$),
  '{orders.adjustment_names_a_version}', 'a version that is not on record');

select * from finish();
rollback;
