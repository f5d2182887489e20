begin;
select plan(11);

select test.event(core.new_id(), 1), test.event(core.new_id(), 1);
select events._append('session', core.new_id(), 1, 'identity.session_opened', null, null, null,
                      jsonb_build_object('sessionId', core.new_id(), 'userId', core.new_id()));
select events.sequence();
select events.create_consumer('test.all', null, 0), events.create_consumer('test.types', array['identity.session_opened'], 0);
create function pg_temp.fetched(p_consumer text, p_limit integer default 100) returns setof bigint language sql as $$
  select e.seq from events.fetch(p_consumer, p_limit) as e;
$$;

-- allowed
select results_eq($$ select pg_temp.fetched('test.all') $$, array[1, 2, 3]::bigint[], 'everything after the position');
select results_eq($$ select pg_temp.fetched('test.types') $$, array[3]::bigint[], 'only the types it asked for');

-- repeated: until it is committed
select results_eq($$ select pg_temp.fetched('test.all') $$, array[1, 2, 3]::bigint[], 'the same again');
select is(events.commit('test.all', 2), 2::bigint, 'committed');
select results_eq($$ select pg_temp.fetched('test.all') $$, array[3]::bigint[], 'the rest');
select results_eq($$ select pg_temp.fetched('test.types') $$, array[3]::bigint[], 'consumers do not disturb each other');

-- limits
select is((select count(*) from pg_temp.fetched('test.all', 0)), 1::bigint, 'at least one');
select is((select count(*) from pg_temp.fetched('test.all', 1000000)), 1::bigint, 'a large limit is cut');

-- the events of other types cost nothing, however many there are and whatever the planner thinks of them
insert into events.log (seq, type, aggregate_type, aggregate_id, aggregate_version, audience, payload, occurred_at, transaction_id, hash)
select 3 + n, (array['orders.order_placed', 'orders.order_paid', 'payments.payment_started'])[n % 3 + 1], 'order', core.new_id(), 1, '{}',
       jsonb_build_object('as long as usual', repeat('x', 400)), core.now(), '3', '\x'
from generate_series(1, 20000) as n;
analyze events.log;
update events.head set seq = 20003;
create function pg_temp.entries_read() returns bigint language sql volatile as $$
  select sum(s.idx_tup_read)::bigint from pg_stat_xact_all_tables as t cross join lateral (
    select coalesce(sum(pg_stat_get_xact_tuples_returned(i.indexrelid)), 0) as idx_tup_read
    from pg_index as i where i.indrelid = t.relid) as s
  where t.relid in (select p.relid from pg_partition_tree('events.log') as p where p.isleaf)
$$;
select events.create_consumer('test.rare', array['orders.order_cancelled', 'orders.order_expired', 'identity.session_opened'], 0);
create temporary table before as select pg_temp.entries_read() as n;
select results_eq($$ select pg_temp.fetched('test.rare', 1) $$, array[3]::bigint[], 'a rare event is found');
select cmp_ok(pg_temp.entries_read() - (select b.n from before as b), '<', 20::bigint, 'by reading a few entries of the index');

-- refused
select throws_ok($$ select pg_temp.fetched('test.nobody') $$, 'MK404', 'events.consumer_not_found');

select * from finish();
rollback;
