begin;
select plan(25);

-- Two events in partition 0, its last one among them, then four in partition 1.
do $$ begin perform test.admin(), test.buyer('ana'); perform events.sequence(); end $$;
create temporary table f as select core.new_id() as a, core.new_id() as b;
update events.head set seq = 999997;
select test.event(f.a, v) from f, generate_series(1, 2) as v;
select events.sequence();
select test.event(f.b, v, test.buyer('ana')) from f, generate_series(1, 4) as v;
select events.sequence();
create function pg_temp.broken() returns bigint language sql as $$ select count(*) from events._check_invariants(); $$;
create function pg_temp.fetched(p_consumer text) returns bigint[] language sql as $$
  select coalesce(array_agg(e.seq order by e.seq), '{}') from events.fetch(p_consumer, 10) as e $$;
select events.create_consumer('test.reader', null, 999998);
select events.create_consumer('test.idle', array['orders.order_paid'], 0);
update events.consumers set seq = 999998 where consumer not like 'test.%';

-- refused
select is_empty($$ select * from events.archive(999999) $$, 'a partition with a later event stays');
select throws_ok($$ select * from events.archive(1000000) $$, 'MK409', 'events.consumer_behind', 'an event that a consumer has not read stays');
create function pg_temp.refusal() returns text language plpgsql as $$
declare v_detail text;
begin
  perform events.archive(1000000);
exception when sqlstate 'MK409' then get stacked diagnostics v_detail = pg_exception_detail; return v_detail;
end $$;
select is(pg_temp.refusal(), 'Not read by all who must: test.reader (next: 999999).', 'and the refusal names who and what');
select is((select t.seq from events.tail as t), 0::bigint, 'nothing was cut');
select throws_ok($$ set local role tradepost_api; select * from events.archive(1) $$, '42501', null, 'not for requests');

-- allowed
select is(events.commit('test.reader', 999999), 999999::bigint, 'the consumer reads on');
select results_eq($$ select (p).table_name, (p).last_seq from events.archive(1000000) as p $$,
                  $$ values ('events.archived_log_000000', 999999::bigint) $$, 'a whole partition leaves');
select ok(to_regclass('events.archived_log_000000') is not null and to_regclass('events.log_000000') is null, 'and is a table of its own');
select is((select count(*) from events.archived_log_000000 as l where l.seq >= 999998), 2::bigint, 'with its events');
select is((select t.seq from events.tail as t), 999999::bigint, 'the tail knows where the log was cut');
select is((select l.hash from events.archived_log_000000 as l where l.seq = 999999), (select t.hash from events.tail as t), 'and the hash there');
select is(pg_temp.broken(), 0::bigint, 'what is left is dense and chained');
select is((select count(*) from events.verify_chain(5, null)), 0::bigint, 'asked for an archived part, the chain is verified from the tail');
select is_empty($$ select * from events.archive(1000000) $$, 'a second time there is nothing to do');
select is_empty($$ select * from events.archive(null) $$, 'nor without a number');
select is(pg_temp.fetched('test.reader'), array[1000000, 1000001, 1000002, 1000003]::bigint[], 'the consumer reads on');
select is(pg_temp.fetched('test.idle'), '{}', 'one that had nothing to read was moved along');
select is((select array_agg(e.seq) from events.read_after(test.ctx(test.buyer('ana')), null, 2, null) as e), array[1000000, 1000001]::bigint[],
          'without a position one reads from where the log begins');

-- positions that were archived
select throws_ok($$ select * from events.read_after(test.ctx(test.buyer('ana')), 999998, 5, null) $$, 'MK410', 'events.position_archived');
select throws_ok($$ select * from events.list_events(test.ctx(test.admin()), null, null, 0, null, 5) $$, 'MK410', 'events.position_archived');
select lives_ok($$ select * from events.list_events(test.ctx(test.admin()), null, null, 999999, null, 5) $$, 'the last archived one is a position');
select lives_ok($$ select * from events.list_events(test.ctx(test.admin()), null, null, null, null, 5) $$, 'and so is none');

-- past a consumer: it is told
update events.head set seq = 1999998;
select test.event(f.a, 3) from f;
select events.sequence();
select count(*) from events.archive(2000000, true);
select test.event(f.a, 4) from f;
select events.sequence();
select throws_ok($$ select * from events.fetch('test.reader', 5) $$, 'MK410', 'events.position_archived',
                 'a consumer that was left behind is refused until it is moved');
select is(events.commit('test.reader', 1999999), 1999999::bigint, 'with commit');
select is(pg_temp.fetched('test.reader'), array[2000000]::bigint[], 'and reads what is left');

select * from finish();
rollback;
