begin;
select plan(9);

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

-- refused
select throws_ok($$ select pg_temp.fetched('test.nobody') $$, 'MK404', 'events.consumer_not_found');

select * from finish();
rollback;
