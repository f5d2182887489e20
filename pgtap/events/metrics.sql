begin;
select plan(4);

select results_eq($$ select * from events.metrics() $$,
  $$ values (0::bigint, 0::bigint, 0::double precision, '{}'::jsonb) $$, 'nothing yet');
select test.event(core.new_id(), 1), test.event(core.new_id(), 1);
select events.create_consumer('test.all', null, 0);
update core.clock set clock_offset = clock_offset + interval '60 seconds';
select results_eq($$ select head, staging_events, staging_age_s >= 60, consumers from events.metrics() $$,
  $$ values (0::bigint, 2::bigint, true, '{"test.all": 0}'::jsonb) $$, 'two wait for a minute');
select events.sequence();
select results_eq($$ select * from events.metrics() $$,
  $$ values (2::bigint, 0::bigint, 0::double precision, '{"test.all": 2}'::jsonb) $$, 'a consumer is behind');
select ok(has_function_privilege('tradepost_readonly', 'events.metrics()', 'execute'), 'for reporting too');

select * from finish();
rollback;
