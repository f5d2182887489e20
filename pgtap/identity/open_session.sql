begin;
select plan(6);

create function pg_temp.open(p_user uuid, p_session uuid) returns setof identity.profiles language sql as $$
  select * from identity.open_session(test.ctx(), p_user, p_session, test.token('g0'));
$$;

select is((select p.email from pg_temp.open(test.buyer('ana'), core.new_id()) as p), 'ana@example.test',
  'an account is logged in and gets its profile');
select is((select p.seller ->> 'sellerId' from pg_temp.open(test.seller('bob'), core.new_id()) as p),
  test.seller_id(test.seller('bob'))::text, 'a seller sees the store');
select lives_ok($$ select pg_temp.open(test.buyer('ana'), core.new_id()) $$, 'two sessions side by side');
select is((select count(*) from events.staging as s where s.type = 'identity.session_opened'), 3::bigint,
  'each with its event');
update identity.users set status = 'SUSPENDED' where user_id = test.buyer('ana');
select throws_ok($$ select pg_temp.open(test.buyer('ana'), core.new_id()) $$, 'MK401', 'identity.credentials_invalid');
select throws_ok($$ select pg_temp.open(core.new_id(), core.new_id()) $$, 'MK401', 'identity.credentials_invalid');

select * from finish();
rollback;
