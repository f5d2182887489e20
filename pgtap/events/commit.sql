begin;
select plan(11);

select test.event(core.new_id(), 1), test.event(core.new_id(), 1), test.event(core.new_id(), 1);
select events.sequence();
select events.create_consumer('test.all', null, 0);

-- allowed
select is(events.commit('test.all', 2), 2::bigint, 'forwards');
select is((select p.behind from events.positions as p where p.consumer = 'test.all'), 1::bigint, 'one is left');

-- behind is what it has to read, not what the log has
select events.create_consumer('test.none', array['identity.user_registered'], 0);
select events.create_consumer('test.some', array['identity.user_registered', 'identity.user_suspended'], 1);
select is((select p.behind from events.positions as p where p.consumer = 'test.none'), 0::bigint, 'nothing of its types waits');
select is((select p.behind from events.positions as p where p.consumer = 'test.some'), 2::bigint, 'the next one of its types and all after it');
select events.commit('test.some', 3);
select is((select p.behind from events.positions as p where p.consumer = 'test.some'), 0::bigint, 'all is done');

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
