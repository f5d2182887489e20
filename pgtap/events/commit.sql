begin;
select plan(8);

select test.event(core.new_id(), 1), test.event(core.new_id(), 1), test.event(core.new_id(), 1);
select events.sequence();
select events.create_consumer('test.all', null, 0);

-- allowed
select is(events.commit('test.all', 2), 2::bigint, 'forwards');
select is((select p.behind from events.positions as p where p.consumer = 'test.all'), 1::bigint, 'one is left');

-- repeated
select is(events.commit('test.all', 2), 2::bigint, 'the same again');
select is(events.commit('test.all', 1), 2::bigint, 'never backwards');

-- refused
select throws_ok($$ select events.commit('test.all', 4) $$, 'MK422', 'events.position_unknown');
select throws_ok($$ select events.commit('test.all', null) $$, 'MK422', 'events.position_unknown');
select throws_ok($$ select events.commit('test.nobody', 1) $$, 'MK404', 'events.consumer_not_found');
select throws_ok($$ set local role tradepost_api; select events.commit('test.all', 3) $$, '42501', null, 'requests do not commit');

select * from finish();
rollback;
