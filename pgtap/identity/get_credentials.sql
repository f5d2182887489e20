begin;
select plan(5);

do $$ begin perform test.buyer('ana'); end $$;

select results_eq(
  $$ select user_id, password_hash, role from identity.get_credentials(' ANA@example.test') $$,
  $$ select u.user_id, u.password_hash, 'BUYER' from identity.users as u where u.email = 'ana@example.test' $$,
  'the hash of an active account, whatever the case of the e-mail');
select is_empty($$ select * from identity.get_credentials('nobody@example.test') $$, 'nothing of an unknown one');
select is_empty($$ select * from identity.get_credentials(null) $$, 'nothing of none');
update identity.users set status = 'SUSPENDED' where email = 'ana@example.test';
select is_empty($$ select * from identity.get_credentials('ana@example.test') $$, 'nothing of a suspended one');
select throws_ok(
  $$ set local role tradepost_worker; select * from identity.get_credentials('ana@example.test') $$,
  '42501', null, 'the worker may not ask');

select * from finish();
rollback;
