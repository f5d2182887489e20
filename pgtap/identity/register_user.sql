begin;
select plan(23);

create function pg_temp.register(p_email text, p_role text, p_store text default null, p_name text default 'Ana',
                                 p_session uuid default core.new_id())
returns setof identity.profiles language sql as $$
  select * from identity.register_user(test.ctx(), p_email, '$argon2id$x', p_name, p_role, p_store, p_session, test.token('g0'));
$$;

-- allowed
select results_eq(
  $$ select email, display_name, role, status, version, seller from pg_temp.register('  Ana@Example.TEST ', 'BUYER') $$,
  $$ values ('ana@example.test', 'Ana', 'BUYER', 'ACTIVE', 1, null::jsonb) $$,
  'a buyer registers; the e-mail is normalised');
select is((select count(*) from identity.sessions as o join identity.users as u using (user_id)
            where u.email = 'ana@example.test' and o.generation = 0 and o.expires_at = o.created_at + interval '30 days'),
  1::bigint, 'and has a session of thirty days');
select results_eq(
  $$ select seller ->> 'storeName', seller ->> 'slug', seller ->> 'memberRole'
       from pg_temp.register('bob@example.test', 'SELLER', '  Böb''s   Mügs & Co. ') $$,
  $$ values ('Böb''s Mügs & Co.', 'bob-s-mugs-co', 'OWNER') $$,
  'a seller registers with a store that has a slug');
select is((select seller ->> 'slug' from pg_temp.register('bob2@example.test', 'SELLER', 'Bob''s mugs, co')),
  'bob-s-mugs-co-2', 'a second store of the same name gets another slug');
select is((select seller ->> 'slug' from pg_temp.register('bob3@example.test', 'SELLER', '商店')),
  'store', 'a name without Latin letters still gets one');
select lives_ok($$ select pg_temp.register('quiet@example.test', 'BUYER', p_session => null) $$, 'without a session too');
select is((select count(*) from identity.sessions as o join identity.users as u using (user_id)
            where u.email = 'quiet@example.test'), 0::bigint, 'then nobody is logged in');
select bag_eq(
  $$ select s.type from events.staging as s $$,
  $$ select 'identity.user_registered' from generate_series(1, 5)
     union all select 'identity.seller_created' from generate_series(1, 3)
     union all select 'identity.session_opened' from generate_series(1, 4) $$,
  'each registration has its events');
select is_empty(
  $$ select s.payload from events.staging as s where s.payload::text ~* 'example|ana|mug|argon' $$,
  'no event holds personal data');
select is_empty($$ select * from identity._check_invariants() $$, 'the invariants hold');

-- refused
select throws_ok($$ select pg_temp.register('x@example.test', 'ADMIN') $$, 'MK422', 'identity.role_invalid');
select throws_ok($$ select pg_temp.register('x@example.test', null) $$, 'MK422', 'identity.role_invalid');
select throws_ok($$ select pg_temp.register('x@example.test', 'SELLER') $$, 'MK422', 'identity.store_name_required');
select throws_ok($$ select pg_temp.register('x@example.test', 'SELLER', 'x') $$, 'MK422', 'identity.store_name_invalid');
select throws_ok($$ select pg_temp.register('x@example.test', 'BUYER', 'A store') $$, 'MK422', 'identity.store_name_unexpected');
select throws_ok($$ select pg_temp.register('x@example.test', 'BUYER', null, '   ') $$, 'MK422', 'identity.display_name_invalid');
select throws_ok($$ select pg_temp.register('x@example.test', 'BUYER', null, E'a\u0007b') $$, 'MK422', 'identity.display_name_invalid');
select is_empty(
  $$ select e from unnest(array['', 'x', 'x@', '@x.test', 'x@y', 'x y@z.test', 'x@y..test', 'x@-y.test', 'a@b@c.test',
                                repeat('x', 65) || '@y.test', 'x@' || repeat('y', 250) || '.test', E'x\n@y.test']) as e
      where (select count(*) from identity.users where email = e) > 0
         or not test.raises(format($f$ select pg_temp.register(%L, 'BUYER') $f$, e), 'identity.email_invalid') $$,
  'what is no e-mail is refused');
select throws_ok($$ select pg_temp.register(null, 'BUYER') $$, 'MK422', 'identity.email_invalid');
select throws_ok(
  $$ select identity.register_user(test.ctx(), 'x@example.test', 'plain', 'X', 'BUYER', null, null, null) $$,
  '22023', null, 'a password that is not hashed never gets in');

-- repeated
select throws_ok($$ select pg_temp.register('ANA@example.test', 'BUYER') $$, 'MK409', 'identity.email_taken');

-- limits
select lives_ok(format($$ select pg_temp.register(%L, 'BUYER', null, repeat('n', 100)) $$, repeat('x', 64) || '@example.test'));
select throws_ok($$ select pg_temp.register('y@example.test', 'BUYER', null, repeat('n', 101)) $$, 'MK422', 'identity.display_name_invalid');

select * from finish();
rollback;
