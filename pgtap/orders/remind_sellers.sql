begin;
select plan(22);
create temporary table f as
select test.buyer('ana') as ana, test.seller('sam') as sam_user, test.seller('sue') as sue_user;
alter table f add sam uuid, add sue uuid, add lamp uuid, add rug uuid, add alone uuid, add split uuid, add ready uuid, add unpaid uuid;
update f set sam = test.seller_id(sam_user), sue = test.seller_id(sue_user);
update f set lamp = test.offer(sam, 1000, 10), rug = test.offer(sue, 3000, 10);
create function pg_temp.paid(variadic p_variants uuid[]) returns uuid language plpgsql as $$
declare
  v_order uuid := (select test.pay_order(f.ana, variadic p_variants) from f);
begin
  perform test.pay_confirm(test.pay_start(v_order));
  return v_order;
end $$;
create function pg_temp.left_h(p_order_id uuid) returns int[] language sql as $$
  select array[extract(epoch from o.due_at - core.now()) / 3600, extract(epoch from o.acceptance_due_at - core.now()) / 3600]::int[]
  from orders.orders as o where o.order_id = p_order_id $$;
create function pg_temp.told() returns setof text language sql as $$
  select case s.payload ->> 'sellerId' when f.sam::text then 'sam' else 'sue' end || ' of ' ||
         case s.payload ->> 'orderId' when f.alone::text then 'alone' when f.split::text then 'split' else '?' end
  from events.staging as s, f where s.type = 'orders.fulfilment_reminded' order by 1 $$;
update f set alone = pg_temp.paid(lamp), split = pg_temp.paid(lamp, rug), ready = pg_temp.paid(lamp), unpaid = test.pay_order(ana, lamp);
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sam_user), split, sam) as o;
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sam_user), ready, sam) as o;
select is((select pg_temp.left_h(alone) from f), array[36, 48], 'a seller has two days, and is reminded half a day before');
select is((select pg_temp.left_h(split) from f), array[36, 48], 'while one part is not accepted that stays');
select is((select pg_temp.left_h(ready) from f), array[null, 48]::int[], 'else no deadline runs');
update core.clock set clock_offset = clock_offset + interval '35 hours 59 minutes';
select orders.expire_orders(10);
select is(orders.remind_sellers(100), 0, 'nobody is reminded early');
update core.clock set clock_offset = clock_offset + interval '1 minute';
select is(orders.cancel_unaccepted(100), 0, 'nothing is cancelled yet');
select is(orders.remind_sellers(1), 1, 'at most as many as asked');
select is(orders.remind_sellers(100), 1, 'then the rest');
select is(orders.remind_sellers(100), 0, 'once');
select set_eq('select pg_temp.told()', array['sam of alone', 'sue of split'], 'who has not accepted is reminded, and nobody else');
select is((select count(*) from f, events.staging as s where s.type = 'orders.fulfilment_reminded' and s.audience = array[(s.payload ->> 'sellerId')::uuid]
             and (s.payload ->> 'acceptDueAt')::timestamptz - core.now() between interval '11:30' and interval '12:00'), 2::bigint,
          'each alone, with the time that is left');
select is((select pg_temp.left_h(alone) from f), array[12, 12], 'then the deadline runs');
select is((select array_agg(p.version order by p.seller_id = f.sam) from orders.fulfilments as p, f where p.order_id = f.split), array[2, 2],
          'a reminder is a step of the part, as accepting is');
select is((select p.document ->> 'acceptDueAt' from orders.view_fulfilment as p, f where p.order_id = f.alone),
          (select to_jsonb(o.acceptance_due_at) #>> '{}' from orders.orders as o, f where o.order_id = f.alone), 'the seller sees the deadline, not the reminder');
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sue_user), split, sue) as o;
select is((select pg_temp.left_h(split) from f), array[null, 12]::int[], 'who was reminded may accept');
update core.clock set clock_offset = clock_offset + interval '12 hours';
select throws_ok($$ select o.* from f, orders.accept_fulfilment(test.ctx(sam_user), alone, sam) as o $$, 'MK409', 'orders.acceptance_window_over', 'until the deadline');
select is(orders.remind_sellers(100), 0, 'it is too late to remind');
select is(orders.cancel_unaccepted(100), 1, 'what was not accepted is cancelled');
-- nobody swept in time: cancelled without a reminder
update f set alone = pg_temp.paid(lamp);
update core.clock set clock_offset = clock_offset + interval '48 hours';
select is(array[orders.remind_sellers(100), orders.cancel_unaccepted(100)], array[0, 1], 'an order whose deadline is over too is not reminded but cancelled');
-- the setting
update core.settings set value = 0 where name = 'orders.acceptance_reminder_lead_s';
update f set alone = pg_temp.paid(lamp);
select is((select pg_temp.left_h(alone) from f), array[48, 48], 'a lead of 0 is no reminder');
select is(orders.remind_sellers(100), 0, 'and it is never sent');
update core.settings set value = 172801 where name = 'orders.acceptance_reminder_lead_s';
update f set alone = pg_temp.paid(lamp);
select is(orders.remind_sellers(100), 1, 'one of more than the window is sent at once');
select is((select array_agg(i::text) from core.check_invariants() as i where i.invariant !~ '^payments'), null, 'the invariants hold');
select * from finish();
rollback;
