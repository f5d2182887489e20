begin;
select plan(42);
create temporary table f as select test.trade() as ids, test.admin() as admin;
create function pg_temp.id(p_name text) returns uuid language sql as $$ select (ids ->> p_name)::uuid from f $$;
-- all that anybody can read of it, and what a caller is told
create function pg_temp.history() returns setof text language sql as $$
  select h::text from orders.recorded_history as h $$;
create function pg_temp.told(p_name text) returns integer[] language sql as $$
  select array_agg((e ->> 'version')::integer order by n) from f, orders.get_order_status(test.ctx(f.admin), pg_temp.id(p_name)) as s,
         jsonb_array_elements(s.history) with ordinality as e (e, n) $$;
create function pg_temp.broken() returns text[] language sql as $$
  select test.broken('orders') || array(select format('replay: %s', d) from events.replay_check(null) as d) $$;
create temporary table before as select h from pg_temp.history() as h;
create temporary table told as select s::text as status from f, orders.orders as o, orders.get_order_status(test.ctx(f.admin), o.order_id) as s;
select isnt_empty('select h from before', 'there is history');
select is(pg_temp.broken(), '{}', 'and it is sound');

-- limits: without a retention nothing leaves; then what is young, and what is not finished
select results_eq($$ select archived, next_order_id from orders.archive_history(null, 100) $$, $$ values (0, null::uuid) $$,
                  'without a retention history stays for ever');
update core.settings set value = 3600 * 24 * 400 where name = 'orders.history_retention_s';
select results_eq($$ select archived, next_order_id from orders.archive_history(null, 100) $$, $$ values (0, null::uuid) $$, 'young history stays');
select test.later('500 days');
create temporary table finished as select o.order_id from orders.orders as o
 where o.status in ('COMPLETED', 'CANCELLED', 'EXPIRED', 'PARTIALLY_REFUNDED', 'REFUNDED');
create temporary table open as select o.order_id from orders.orders as o where o.order_id not in (select order_id from finished);
select ok((select count(*) from finished) > 3 and (select count(*) from open) > 3, 'some orders are finished, some are not');

-- allowed: in pieces, each goes on where the last one ended
create temporary table step as select * from orders.archive_history(null, 1);
select is((select next_order_id from step), (select o.order_id from orders.orders as o order by o.order_id limit 1),
          'a step looks at no more orders than it is told to, the oldest first');
do $$
declare v_after uuid;
begin
  loop
    insert into step select * from orders.archive_history((select s.next_order_id from step as s order by s.next_order_id desc limit 1), 2)
      returning next_order_id into v_after;
    exit when v_after is null;
  end loop;
end $$;
select is((select sum(archived) from step), (select count(*) from finished), 'step by step all that are finished are archived');
select set_eq('select order_id from orders.history_tails', 'select order_id from finished', 'each has its tail');
select set_eq('select distinct order_id from orders.order_history', 'select order_id from open', 'in the table are those that go on');
select set_eq('select distinct order_id from orders.archived_history', 'select order_id from finished', 'in the archive the others');
select results_eq('select to_regclass(''orders.'' || orders._history_partition(core.now())) is not null', 'values (true)', 'in the partition of the month');

-- nobody notices
select set_eq('select pg_temp.history()', 'select h from before', 'all of it can be read');
select set_eq($$ select s::text from f, orders.orders as o, orders.get_order_status(test.ctx(f.admin), o.order_id) as s $$, 'select status from told',
              'everybody is told the same as before');
select is(pg_temp.broken(), '{}', 'invariants hold and the log agrees');

-- repeated
select results_eq($$ select archived, next_order_id from orders.archive_history(null, 1000) $$, $$ values (0, null::uuid) $$, 'once');
select results_eq($$ select archived, next_order_id from orders.archive_history(null, -5) $$,
                  $$ select 0, order_id from open order by order_id limit 1 $$, 'a step looks at one order at least');

-- an order goes on after all
select test.pay_deliver(pg_temp.id('reopened'));
select payments.request_refund(test.ctx(admin, 'late'), pg_temp.id('delivered'), 100, 'USD', 'much later') from f;
select payments.finish_refund(r.refund_id, 'SUCCEEDED', 'rf_9', null) from payments.refunds as r where r.order_id = pg_temp.id('delivered') and r.status = 'PENDING';
select orders._transition(array[row(pg_temp.id('delivered'), 'refund', 'SYSTEM', null, null, null, null)::orders.transition_request], core.now());
select is(pg_temp.told('delivered'), array[1, 2, 3, 4, 5, 6, 7, 8], 'its new step follows the archived ones');
select is(test.broken('orders'), '{}', 'and the chain goes on from them');
select test.later('500 days');
select is((select archived from orders.archive_history(null, 100)), 0, 'the late step stays where it is');
-- and is undone, for the log knows of no such refund
select test.disarm('orders.order_history', 'orders.orders');
update orders.orders set status = 'PARTIALLY_REFUNDED', version = 7, updated_at = (
  select max(h.created_at) from orders.recorded_history as h where h.order_id = pg_temp.id('delivered') and h.version = 7)
 where order_id = pg_temp.id('delivered');
delete from orders.order_history where order_id = pg_temp.id('delivered');
delete from events.outbox where outbox_id in (select staging_id / 1048576 from events.staging where aggregate_id = pg_temp.id('delivered'));
alter table orders.order_history enable trigger user;
alter table orders.orders enable trigger user;

-- refused: the archive is as immutable as the table
select throws_ok('delete from orders.order_history', 'MK409', 'orders.snapshot_immutable', 'what is not archived is not deleted');
select throws_ok('update orders.order_history set reason = null', 'MK409', 'orders.snapshot_immutable', 'nor changed');
select throws_ok('delete from orders.archived_history', 'MK409', 'orders.snapshot_immutable', 'nothing is deleted from the archive');
select throws_ok('update orders.archived_history set to_status = to_status', 'MK409', 'orders.snapshot_immutable', 'nor changed');
select throws_ok(format('%s orders.%I', c, orders._history_partition(t.archived_at)), 'MK409', 'orders.snapshot_immutable', c || ' a partition of it')
  from (select archived_at from orders.history_tails limit 1) as t, unnest(array['delete from', 'truncate']) as c;
select throws_ok('delete from orders.history_tails', 'MK409', 'orders.snapshot_immutable', 'no tail is deleted');
select throws_ok('update orders.history_tails set version = 1', 'MK409', 'orders.snapshot_immutable', 'nor changed');
create temporary table kept as select * from orders.archived_history limit 1;
select lives_ok($$ insert into orders.order_history select k.order_id, k.version, k.from_status, k.to_status, k.action, k.actor_kind, k.actor_id, k.reason, k.created_at from kept as k $$,
                'a copy of an archived entry');
select lives_ok($$ delete from orders.order_history as h using kept as k where h.order_id = k.order_id and h.version = k.version $$, 'may go again');
select lives_ok($$ insert into orders.order_history select k.order_id, k.version, k.from_status, k.to_status, k.action, k.actor_kind, k.actor_id, 'other words', k.created_at from kept as k $$,
                'one that says something else');
select throws_ok($$ delete from orders.order_history as h using kept as k where h.order_id = k.order_id and h.version = k.version $$,
                 'MK409', 'orders.snapshot_immutable', 'may not');
select test.disarm('orders.order_history');
delete from orders.order_history as h using kept as k where h.order_id = k.order_id and h.version = k.version;
alter table orders.order_history enable trigger user;
select throws_ok($$ set local role tradepost_api; select * from orders.archive_history(null, 1) $$, '42501', null, 'not for requests');

-- broken
do $$
declare v_partition constant regclass := (select i.inhrelid from pg_inherits as i where i.inhparent = 'orders.archived_history'::regclass);
begin
  perform test.disarm('orders.history_tails', 'orders.archived_history', v_partition);
end $$;
select is(test.broken('orders', $$ delete from orders.archived_history where order_id = pg_temp.id('delivered') and version = 7 $$),
  '{orders.history_matches_status,orders.history_tail_matches_archive}', 'an entry that is missing in the archive is found');
select is(test.broken('orders', $$ delete from orders.archived_history where order_id = pg_temp.id('delivered') and version = 1 $$),
  '{orders.history_matches_status}', 'also the first');
create function pg_temp.replayed(p_statement text) returns text[] language plpgsql as $$
declare v_found text[];
begin
  execute p_statement;
  select array_agg(format('%s %s %s %s', d.aggregate, d.field, d.expected, d.found)) into v_found from events.replay_check(null) as d;
  raise exception 'undo' using errcode = 'ZZ000', detail = v_found;
exception when sqlstate 'ZZ000' then return v_found;
end $$;
select is(pg_temp.replayed($$ update orders.archived_history set created_at = created_at - interval '1 s' where order_id = pg_temp.id('refunded') and version = 2 $$) is null,
  false, 'one that differs from the log, too');
select is(test.broken('orders', $$ delete from orders.history_tails where order_id = pg_temp.id('delivered') $$),
  '{orders.history_matches_status,orders.history_tail_matches_archive}', 'and a tail that is missing');

-- a month of the archive is taken away: the rest goes on from the tails
do $$ begin
  execute format('alter table orders.archived_history detach partition orders.%I',
                 (select orders._history_partition(t.archived_at) from orders.history_tails as t limit 1));
end $$;
select set_eq('select order_id from orders.missing_history', 'select order_id from finished', 'what is missing is known');
select is(pg_temp.broken(), '{}', 'nothing is broken, and what is left agrees with the log');
select is((select s.history from f, orders.get_order_status(test.ctx(f.admin), pg_temp.id('refunded')) as s), '[]', 'a history may be empty');
select is(test.broken('orders', $$ update orders.history_tails set to_status = 'PAID' where order_id = pg_temp.id('delivered') $$),
  '{orders.history_matches_status}', 'the tail keeps what the chain goes on from');
select orders._transition(array[row(pg_temp.id('delivered'), 'refund', 'SYSTEM', null, null, null, null)::orders.transition_request], core.now());
select is(pg_temp.told('delivered'), array[8], 'and what comes is told');
select is(test.broken('orders'), '{}', 'as the next link of the chain');

select * from finish();
rollback;
