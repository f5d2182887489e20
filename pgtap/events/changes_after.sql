begin;
select plan(9);

create function pg_temp.changes(p_after bigint, p_ignored text[] default '{}') returns jsonb language sql as $$
  select aggregates from events.changes_after(p_after, array['identity'], p_ignored);
$$;

select results_eq($$ select head, clock_offset_ms, aggregates from events.changes_after(null, array['identity'], '{}') $$,
                  $$ values (0::bigint, 0::bigint, null::jsonb) $$, 'without a position: only where the log ends');
select is(pg_temp.changes(0), '[]', 'nothing yet');
select test.keep('a', core.new_id());
select test.event(test.kept('a'), 1), test.event(test.kept('a'), 2);
select is(pg_temp.changes(0), jsonb_build_array(jsonb_build_array('user', test.kept('a'))), 'what waits for its number counts, an aggregate once');
select events.sequence();
select is(pg_temp.changes(0), jsonb_build_array(jsonb_build_array('user', test.kept('a'))), 'and what has its number');
select is(pg_temp.changes(2), '[]', 'not what is before the position');
select is(pg_temp.changes(0, array['identity.user_suspended']), '[]', 'not the types that do not count');
select is((select aggregates from events.changes_after(0, array['catalog'], '{}')), '[]', 'not other domains');
select test.event(core.new_id(), 1) from generate_series(1, 1001);
select is(pg_temp.changes(2), null, 'too many to be told one by one');
update core.clock set clock_offset = interval '90 seconds';
select is((select clock_offset_ms from events.changes_after(0, array['identity'], '{}')), 90000::bigint, 'and where the clock stands');

select * from finish();
rollback;
