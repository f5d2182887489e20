begin;
select plan(7);

do $$ begin perform events.sequence(); end $$;
create temporary table f as select core.new_id() as a;
update events.head set seq = 999998;
select test.event(f.a, 1) from f;
select events.sequence();
select test.event(f.a, 2) from f;
select events.sequence();
delete from events.consumers;

-- allowed
select is(events.archive_expired(), 0, 'without a retention events stay for ever');
update core.settings set value = 3600 where name = 'events.retention_s';
select is(events.archive_expired(), 0, 'young events stay');
update core.clock set clock_offset = interval '2 hours';

-- not past a consumer
select events.create_consumer('test.slow', null, 999998);
select is(events.archive_expired(), 0, 'and those that a consumer has not read');
select is((select t.seq from events.tail as t), 0::bigint, 'nothing was cut');
select events.commit('test.slow', 999999);
select is(events.archive_expired(), 1, 'old ones that all have read leave');

-- repeated
select is(events.archive_expired(), 0, 'once');

-- refused
select throws_ok($$ set local role tradepost_api; select events.archive_expired() $$, '42501', null, 'not for requests');

select * from finish();
rollback;
