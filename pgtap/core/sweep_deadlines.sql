begin;
select plan(20);
create temporary table f as
select test.buyer('ana') as ana, test.seller('sam') as sam_user;
alter table f add sam uuid, add lamp uuid, add unpaid uuid, add unaccepted uuid, add delivered uuid, add hold uuid;
update f set sam = test.seller_id(sam_user);
update f set lamp = test.offer(sam, 1000, 20);
update f set unpaid = test.order(ana, lamp), unaccepted = test.order(ana, lamp), delivered = test.order(ana, lamp);
select test.pay(o) from f, unnest(array[unaccepted, delivered]) as o;
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sam_user), delivered, sam) as o;
select count(o.*) from f, orders.ship_fulfilment(test.ctx(sam_user), delivered, sam, 'DHL', '1') as o;
select count(o.*) from f, orders.deliver_fulfilment(test.ctx(sam_user), delivered, sam) as o;
update f set hold = test.reserve(ana, sam, lamp, 1, 60);
select isnt((select hold from f), null, 'a hold of its own');

select results_eq(
  $$ select v.kind, v.subject_id from core.view_deadline as v order by v.due_at $$,
  $$ select x.kind, x.id from f, (values ('inventory.hold', 1), ('orders.payment', 2), ('orders.reminder', 3), ('orders.completion', 4)) as k (kind, n)
      cross join lateral (select k.kind, (array[f.hold, f.unpaid, f.unaccepted, f.delivered])[k.n] as id) as x order by k.n $$,
  'every deadline is a row, once');
select is_empty($$ select core.sweep_deadlines(10) $$, 'nothing is due');
select is((select sum(m.overdue) from core.deadline_metrics() as m), 0::numeric, 'nothing is overdue');

-- dead for a month: all of it is due; one kind at a time, the oldest first
update core.clock set clock_offset = clock_offset + interval '30 days';
select set_eq($$ select m.kind, m.overdue from core.deadline_metrics() as m where m.overdue > 0 $$,
  $$ values ('inventory.hold', 1::bigint), ('orders.payment', 1), ('orders.acceptance', 1), ('orders.completion', 1) $$, 'all are overdue');
select ok((select m.oldest_s from core.deadline_metrics() as m where m.kind = 'inventory.hold') between 2591940 - 60 and 2592000, 'and since when');
select results_eq('select s.kind, s.done from core.sweep_deadlines(10) as s', format('values (%L::text, 1)', k), k)
from unnest(array['inventory.hold', 'orders.payment', 'orders.acceptance', 'orders.completion']) as k;
select is_empty($$ select core.sweep_deadlines(10) $$, 'then nothing');
select is_empty($$ select v.kind from core.view_deadline as v $$, 'a deadline ends with what it was about');
select is((select array[test.status(unpaid), test.status(unaccepted), test.status(delivered)] from f), array['EXPIRED', 'CANCELLED', 'COMPLETED'], 'each was settled by its domain');
select is((select test.stock(lamp) from f), '19/0', 'stock is free');
-- in batches
update f set unpaid = test.order(ana, lamp), unaccepted = test.order(ana, lamp), delivered = test.order(ana, lamp);
update core.clock set clock_offset = clock_offset + interval '1 day';
select is((select s.done from core.sweep_deadlines(2) as s), 2, 'at most as many as asked');
select is((select s.done from core.sweep_deadlines(2) as s), 1, 'then the rest');
select is((select array_agg(i::text) from core.check_invariants() as i where i.invariant !~ '^payments'), null, 'the invariants hold');

-- reminded, an order waits for the deadline itself
update f set unaccepted = test.order(ana, lamp);
select test.pay(unaccepted) from f;
update core.clock set clock_offset = clock_offset + interval '36 hours 1 minute';
select is((select m.overdue from core.deadline_metrics() as m where m.kind = 'orders.reminder'), 1::bigint, 'a reminder is overdue');
select results_eq('select s.kind, s.done from core.sweep_deadlines(10) as s', $$ values ('orders.reminder'::text, 1) $$, 'and sent');
select is((select v.kind from core.view_deadline as v, f where v.subject_id = f.unaccepted), 'orders.acceptance', 'the next deadline runs');
select * from finish();
rollback;
