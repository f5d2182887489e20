begin;
select plan(27);

create temporary table s as
select n, test.session(test.buyer('ana')) as id from generate_series(1, 9) as n;
create function pg_temp.s(p_n integer) returns uuid language sql as $$ select id from s where n = p_n $$;
create function pg_temp.reason(p_n integer) returns text language sql as $$
  select o.revoked_reason from identity.sessions as o where o.session_id = pg_temp.s(p_n) $$;
delete from events.outbox;

-- allowed: the current generation
select is(test.rotate(pg_temp.s(1), 0), 'ROTATED', 'the current generation is exchanged');
select is(test.rotate(pg_temp.s(1), 1), 'ROTATED', 'its successor too');
select results_eq(
  $$ select o.generation, o.token_hash, o.previous_hash, o.expires_at - o.created_at
       from identity.sessions as o where o.session_id = pg_temp.s(1) $$,
  $$ values (2, test.token('g2'), test.token('g1'), interval '30 days') $$,
  'two hashes are kept, and the lifetime is not extended');
select results_eq(
  $$ select r.user_id, r.role, r.generation, r.expires_at > core.now() + interval '29 days'
       from identity.rotate_session(test.ctx(), pg_temp.s(1), 2, test.token('g2'), test.token('g3')) as r $$,
  $$ values (test.buyer('ana'), 'BUYER', 3, true) $$, 'the answer tells what new tokens need');

-- repeated: the immediate predecessor within the grace time
select is(test.rotate(pg_temp.s(2), 0), 'ROTATED', 'a client refreshes');
select is(test.rotate(pg_temp.s(2), 0), 'REPEATED', 'and again, since the answer was lost');
select is(test.rotate(pg_temp.s(2), 0), 'REPEATED', 'and again');
select is((select o.generation from identity.sessions as o where o.session_id = pg_temp.s(2)), 1,
  'which changes nothing');
select is(test.rotate(pg_temp.s(2), 1), 'ROTATED', 'the successor is good');
select is(test.rotate(pg_temp.s(2), 0), 'REFUSED', 'two generations back is reuse');
select is(pg_temp.reason(2), 'TOKEN_REUSE', 'which ends the session');
select is(test.rotate(pg_temp.s(2), 2), 'REFUSED', 'for its rightful holder too');
select results_eq(
  $$ select e.aggregate_id, e.payload ->> 'reason' from events.staging as e where e.type = 'identity.session_revoked' $$,
  $$ values (pg_temp.s(2), 'TOKEN_REUSE') $$, 'with one event');

-- refused: after the grace time
select is(test.rotate(pg_temp.s(3), 0), 'ROTATED', 'refreshed');
update core.clock set clock_offset = clock_offset + interval '11 seconds';
select is(test.rotate(pg_temp.s(3), 0), 'REFUSED', 'a retry after the grace time is reuse');
select is(pg_temp.reason(3), 'TOKEN_REUSE', 'which ends the session');

-- refused: what was never given out
select is((select r.outcome from identity.rotate_session(test.ctx(), pg_temp.s(4), 0, test.token('x'), test.token('g1')) as r),
  'REFUSED', 'another token of the current generation');
select is(test.rotate(pg_temp.s(5), 1), 'REFUSED', 'a generation to come');
select is(test.rotate(pg_temp.s(6), 0), 'ROTATED', 'refreshed');
select is((select r.outcome from identity.rotate_session(test.ctx(), pg_temp.s(6), 0, test.token('g0'), test.token('y')) as r),
  'REFUSED', 'the predecessor with another successor');
select bag_eq($$ select pg_temp.reason(n) from unnest(array[4, 5, 6]) as n $$,
  $$ select 'TOKEN_REUSE' from generate_series(1, 3) $$, 'each of them ends the session');
select is(test.rotate(core.new_id(), 0), 'REFUSED', 'an unknown session');
select results_eq(
  $$ select r.session_id, r.user_id, r.role, r.generation
       from identity.rotate_session(test.ctx(), pg_temp.s(6), 1, test.token('g1'), test.token('g2')) as r $$,
  $$ values (null::uuid, null::uuid, null::text, null::integer) $$, 'a refusal tells nothing');

-- not active any more
update identity.users set status = 'SUSPENDED' where user_id = test.buyer('ana');
select is(test.rotate(pg_temp.s(7), 0), 'REFUSED', 'a suspended account does not refresh');
update identity.users set status = 'ACTIVE' where user_id = test.buyer('ana');
select is(test.rotate(pg_temp.s(7), 0), 'ROTATED', 'that is no reuse');

-- limits
update core.clock set clock_offset = clock_offset + interval '30 days';
select is(test.rotate(pg_temp.s(8), 0), 'REFUSED', 'a session ends after its longest life');
select is(pg_temp.reason(8), null, 'that is no reuse either');

select * from finish();
rollback;
