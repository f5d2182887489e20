begin;
select plan(10);

select test.event(core.new_id(), 1), test.event(core.new_id(), 1);
select events.sequence();

-- allowed
select results_eq($$ select consumer, seq, behind from events.create_consumer('test.all', null, 0) $$,
  $$ values ('test.all', 0::bigint, 2::bigint) $$, 'from the beginning');
select results_eq($$ select seq, behind from events.create_consumer('test.new', null, null) $$,
  $$ values (2::bigint, 0::bigint) $$, 'from the head');
select results_eq($$ select seq, types from events.create_consumer('test.types', array['identity.user_suspended'], 1) $$,
  $$ values (1::bigint, array['identity.user_suspended']) $$, 'from a number, of some types');

-- repeated
select results_eq($$ select seq, types from events.create_consumer('test.types', null, 0) $$,
  $$ values (1::bigint, null::text[]) $$, 'again: other types, the same position');
select is((select count(*) from events.consumers), 3::bigint, 'and no other consumer');

-- refused
select throws_ok($$ select events.create_consumer('Test', null, 0) $$, 'MK422', 'events.consumer_name_invalid');
select throws_ok($$ select events.create_consumer(null, null, 0) $$, 'MK422', 'events.consumer_name_invalid');
select throws_ok($$ select events.create_consumer('test.x', null, 3) $$, 'MK422', 'events.position_unknown');
select throws_ok($$ select events.create_consumer('test.x', null, -1) $$, 'MK422', 'events.position_unknown');
select throws_ok($$ set local role tradepost_api; select events.create_consumer('test.x', null, 0) $$, '42501', null, 'requests have no consumers');

select * from finish();
rollback;
