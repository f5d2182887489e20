begin;
select plan(11);

create temporary table s as select test.session(test.seller('bob')) as bob;

do $$ begin perform test.buyer('eve'); end $$;

-- allowed
select results_eq(
  $$ select email, role, seller ->> 'sellerId' from identity.get_profile(test.ctx(test.seller('bob'))) $$,
  $$ values ('bob@example.test', 'SELLER', test.seller_id(test.seller('bob'))::text) $$, 'one''s own account');
select lives_ok($$ select identity.get_profile(test.session_ctx(test.seller('bob'), s.bob)) from s $$, 'with its session');

-- refused
select throws_ok($$ select identity.get_profile(test.ctx()) $$, 'MK401', 'identity.unauthenticated');
select throws_ok($$ select identity.get_profile(test.ctx(core.new_id())) $$, 'MK401', 'identity.unauthenticated');
select throws_ok($$ select identity.get_profile(test.session_ctx(test.buyer('eve'), s.bob)) from s $$,
  'MK401', 'identity.unauthenticated', 'somebody else''s session is of no use');

-- the helpers that every function begins with
select throws_ok($$ select identity._require_actor(test.ctx(test.buyer('eve')), 'ADMIN', 'SELLER') $$,
  'MK403', 'identity.role_required');
select is((identity._require_actor(test.ctx(test.buyer('eve')), 'ADMIN', 'BUYER')).role, 'BUYER', 'one of several roles');
select is((identity._require_seller(test.ctx(test.seller('bob')))).seller_id, test.seller_id(test.seller('bob')),
  'a seller acts for the store');
select is((identity._actor_or_anonymous(test.ctx())).user_id, null, 'nobody is nobody');
update identity.sellers set status = 'SUSPENDED' where seller_id = test.seller_id(test.seller('bob'));
select throws_ok($$ select identity._require_seller(test.ctx(test.seller('bob'))) $$, 'MK403', 'identity.seller_inactive');

-- limits: a session ends by itself
update core.clock set clock_offset = clock_offset + interval '31 days';
select throws_ok($$ select identity.get_profile(test.session_ctx(test.seller('bob'), s.bob)) from s $$,
  'MK401', 'identity.unauthenticated');

select * from finish();
rollback;
