begin;
select plan(5);

select isnt(identity._create_admin(' Root@Example.test', '$argon2id$x', 'Root'), null, 'the owner makes an administrator');
select is((select u.role from identity.users as u where u.email = 'root@example.test'), 'ADMIN', 'of that role');
select throws_ok($$ select identity._create_admin('root@example.test', '$argon2id$x', 'Root') $$, 'MK409', 'identity.email_taken');
select ok(not has_function_privilege('tradepost_api', 'identity._create_admin(text, text, text)', 'execute'),
  'requests cannot make administrators');
select ok(not has_function_privilege('tradepost_worker', 'identity._create_admin(text, text, text)', 'execute'),
  'nor can workers');

select * from finish();
rollback;
