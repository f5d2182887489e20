begin;
select plan(3);
-- More about each kind is in sweep_deadlines.sql.
select is((select count(*) from core.deadline_metrics()), 7::bigint, 'a row for every kind');
select is_empty('select m.kind from core.deadline_metrics() as m where m.overdue > 0 or m.oldest_s > 0', 'nothing is overdue');
create temporary table f as select test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sam;
select test.order(ana, test.offer(sam, 1000, 10)) from f;
update core.clock set clock_offset = clock_offset + interval '1 hour';
select results_eq($$ select m.kind, m.overdue, round(m.oldest_s / 60) from core.deadline_metrics() as m where m.overdue > 0 $$,
  $$ values ('orders.payment', 1::bigint, 45::double precision) $$, 'what is due, and since when');
select * from finish();
rollback;
