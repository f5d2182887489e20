begin;
select plan(7);

create temporary table s as
select test.session(test.buyer('ana')) as ana, test.session(test.buyer('ana')) as other, test.session(test.buyer('eve')) as eve;

select ok(identity.close_session(test.session_ctx(test.buyer('ana'), s.ana)), 'the caller''s session ends') from s;
select ok(not identity.close_session(test.session_ctx(test.buyer('ana'), s.ana)), 'again: no error, nothing to do') from s;
select is(test.rotate(s.ana, 0), 'REFUSED', 'its refresh token is of no use') from s;
select throws_ok(
  $$ select identity.get_profile(test.session_ctx(test.buyer('ana'), s.ana)) from s $$,
  'MK401', 'identity.unauthenticated', 'nor is its access token');
select lives_ok($$ select identity.get_profile(test.session_ctx(test.buyer('ana'), s.other)) from s $$,
  'the other session goes on');
select ok(not identity.close_session(test.session_ctx(test.buyer('eve'), s.other)), 'nobody ends somebody else''s') from s;
select results_eq(
  $$ select e.aggregate_id, e.actor_id, e.payload ->> 'reason'
       from events.staging as e where e.type = 'identity.session_revoked' $$,
  $$ select s.ana, test.buyer('ana'), 'LOGOUT' from s $$, 'with one event');

select * from finish();
rollback;
