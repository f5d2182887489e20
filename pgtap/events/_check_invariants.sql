begin;
select plan(19);

-- Each invariant is broken once, past the functions and the triggers, on a log of four transactions: the last of them
-- goes on with the aggregates of the first two.
create temporary table f as
select core.new_id() as a, core.new_id() as b, core.new_id() as c, h.seq as zero from events.head as h;
select count(test.staged(e.xid, e.id, e.version))
  from f, lateral (values (1, f.a, 1), (1, f.a, 2), (2, f.b, 1), (3, f.c, 1), (4, f.a, 3), (4, f.b, 2)) as e (xid, id, version);
select events.sequence();
select test.disarm('events.log');
select test.disarm(i.inhrelid::regclass) from pg_inherits as i where i.inhparent = 'events.log'::regclass;
select c.behind from f cross join lateral events.create_consumer('test.broken', null, f.zero) as c;
select is(test.broken('events'), '{}', 'all is well');

-- the chain
select is(test.broken('events', $$ delete from events.log as l using f where l.seq = f.zero + 3 $$),
  '{events.log_is_dense}', 'an event that is gone');
select is(test.broken('events', $$ delete from events.log as l using f where l.seq = f.zero + 6 $$),
  '{events.log_is_dense}', 'or was the last');
select is(test.broken('events', $$ update events.log as l set actor_id = core.new_id() from f where l.seq = f.zero + 3 $$),
  '{events.log_is_chained}', 'an event that was changed');
select is(test.broken('events', $$ update events.head set hash = sha256('x') $$), '{events.log_is_chained}', 'another head');
select is(test.broken('events', $$
    update events.head as h set seq = l.seq, hash = l.hash from f join events.log as l on l.seq = f.zero + 5 $$),
  '{events.log_ends_at_head}', 'an event beyond the head');
select is(test.broken('events', $$ update events.tail as t set seq = l.seq, hash = l.hash from f join events.log as l on l.seq = f.zero + 1 $$),
  '{events.log_begins_after_tail}', 'an archived event that is still there');

-- from here on whoever tampers computes the chain again
create function pg_temp.chain() returns void language plpgsql as $$
declare
  v_entry events.log;
  v_hash bytea;
begin
  select coalesce((select l.hash from events.log as l join f on l.seq = f.zero), '\x') into v_hash;
  for v_entry in select l.* from events.log as l join f on l.seq > f.zero order by l.seq loop
    v_hash := sha256(v_hash || convert_to(events._canonical(v_entry), 'UTF8'));
    update events.log as l set hash = v_hash where l.seq = v_entry.seq;
  end loop;
  update events.head set hash = v_hash;
end
$$;
-- What is found after a change of the nth event.
create function pg_temp.with_entry(p_n integer, p_change text) returns text[] language sql as $$
  select test.broken('events', format(
    'update events.log as l set %s from f where l.seq = f.zero + %s; select pg_temp.chain()', p_change, p_n))
$$;
select is(pg_temp.with_entry(3, 'actor_id = core.new_id()'), '{}', 'a chain that was built anew holds');
select is(pg_temp.with_entry(6, 'aggregate_version = 1'), '{events.versions_grow}', 'two transactions with the same version');
select is(pg_temp.with_entry(5, 'aggregate_version = 1'), '{events.versions_grow}', 'a version that goes back');
select is(pg_temp.with_entry(2, 'aggregate_version = 1'), '{}', 'but one transaction may tell two things of a version');
select is(pg_temp.with_entry(3, 'transaction_id = ''4'''), '{events.transaction_is_contiguous}', 'a transaction in two pieces');
select is(pg_temp.with_entry(3, 'type = ''identity.unheard_of'''), '{events.type_is_registered}', 'an unknown type');
select is(pg_temp.with_entry(3, 'payload = ''{}'''), '{events.payload_matches_type}', 'a payload that lacks something');
select is(pg_temp.with_entry(3, 'payload = l.payload || ''{"email": "ana@example.test"}'''), '{events.payload_matches_type}',
          'a payload that tells too much');

-- what waits is looked at as well
select test.staged(5, f.c, 2) from f;
select is(test.broken('events', $$ update events.outbox set drafts[1].type = 'identity.unheard_of' $$),
  '{events.type_is_registered}', 'an unknown type in staging');
select is(test.broken('events', $$ update events.outbox set drafts[1].payload = '{}' $$),
  '{events.payload_matches_type}', 'a payload in staging');

-- consumers
select is(test.broken('events', $$ select events.commit('test.broken', h.seq) from events.head as h $$), '{}', 'a consumer at the head');
select is(test.broken('events', $$ update events.consumers as c set seq = f.zero + 7 from f where c.consumer = 'test.broken' $$),
  '{events.cursor_within_log}', 'or beyond it');

select * from finish();
rollback;
