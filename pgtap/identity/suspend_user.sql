begin;
select plan(13);

create temporary table s as select test.session(test.buyer('ana')) as one, test.session(test.buyer('ana')) as two;
delete from events.outbox;

-- refused
select throws_ok($$ select identity.suspend_user(test.ctx(), test.buyer('ana')) $$, 'MK401', 'identity.unauthenticated');
select throws_ok($$ select identity.suspend_user(test.ctx(test.buyer('eve')), test.buyer('ana')) $$, 'MK403', 'identity.role_required');
select throws_ok($$ select identity.suspend_user(test.ctx(test.admin()), core.new_id()) $$, 'MK404', 'identity.user_not_found');
select throws_ok($$ select identity.suspend_user(test.ctx(test.admin()), test.admin()) $$, 'MK409', 'identity.suspension_of_self');

-- allowed
select results_eq($$ select status, version from identity.suspend_user(test.ctx(test.admin()), test.buyer('ana')) $$,
  $$ values ('SUSPENDED', 2) $$, 'an administrator suspends an account');
select is((select count(*) from identity.sessions as o where o.revoked_reason = 'SUSPENDED'), 2::bigint, 'its sessions end');
select throws_ok($$ select identity.get_profile(test.session_ctx(test.buyer('ana'), s.one)) from s $$, 'MK401', 'identity.unauthenticated');
select throws_ok($$ select identity.get_profile(test.ctx(test.buyer('ana'))) $$, 'MK401', 'identity.unauthenticated');
select is_empty($$ select * from identity.get_credentials('ana@example.test') $$, 'it cannot log in');
select bag_eq($$ select e.type from events.staging as e $$,
  $$ values ('identity.user_suspended'), ('identity.session_revoked'), ('identity.session_revoked') $$, 'with its events');

-- repeated
select results_eq($$ select status, version from identity.suspend_user(test.ctx(test.admin()), test.buyer('ana')) $$,
  $$ values ('SUSPENDED', 2) $$, 'again: nothing changes');
select is((select count(*) from events.staging), 3::bigint, 'and nothing is told');
select is_empty($$ select * from identity._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
