begin;
select plan(6);

do $$ begin perform test.buyer('ana'); end $$;
create temporary table f as
select core.new_id() as id, n, core.now() - make_interval(secs => core._setting_int('identity.session_retention_s')) as kept_since
  from generate_series(-1, 3) as n;
insert into identity.sessions (session_id, user_id, token_hash, created_at, expires_at, revoked_at, revoked_reason)
select f.id, test.buyer('ana'), sha256(f.n::text::bytea), f.kept_since - interval '60 days', f.kept_since - f.n * interval '1 minute' + interval '30 seconds',
       case when f.n < 0 then f.kept_since - interval '50 days' end, case when f.n < 0 then 'LOGOUT' end
  from f;
create function pg_temp.kept() returns bigint[] language sql as $$
  select array_agg(f.n::bigint order by f.n) from f where exists (select from identity.sessions as o where o.session_id = f.id) $$;

select is(identity.purge_sessions(1), 1, 'at most as many as asked for');
select is(pg_temp.kept(), array[-1, 0, 1, 2]::bigint[], 'the oldest goes first');
select is(identity.purge_sessions(100), 2, 'the rest');
select is(pg_temp.kept(), array[-1, 0]::bigint[], 'one whose lifetime ended later stays, though it was closed long ago');
select is(identity.purge_sessions(100), 0, 'a second time there is nothing to do');
select throws_ok($$ set local role tradepost_api; select identity.purge_sessions(1) $$, '42501', null, 'not for requests');

select * from finish();
rollback;
