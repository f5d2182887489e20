begin;
select plan(3);

select is(events.head(), 0::bigint, 'an empty log');
select test.event(core.new_id(), 1), test.event(core.new_id(), 1);
select is(events.head(), 0::bigint, 'events without a number do not count');
select events.sequence();
select is(events.head(), 2::bigint, 'the newest number');

select * from finish();
rollback;
