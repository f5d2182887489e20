-- Claim, work and stored answer are one transaction: core._claim_idempotency, core._store_response.
begin;
select plan(14);

create function pg_temp.ctx(p_key text, p_actor text default '01a203e7-8f72-7dec-8ec2-97d670551b7f')
returns core.call_context language sql as $$
  select row(p_actor::uuid, null, 'r', '127.0.0.1', p_key)::core.call_context
$$;
create function pg_temp.claim(p_key text, p_request text, p_route text default 'POST /x',
  p_actor text default '01a203e7-8f72-7dec-8ec2-97d670551b7f')
returns jsonb language sql as $$
  select core._claim_idempotency(pg_temp.ctx(p_key, p_actor), p_route, p_request::jsonb)
$$;

-- allowed
select is(pg_temp.claim('a', '{"x": 1, "y": 2}'), null, 'a new key is claimed');
select throws_ok($$ select pg_temp.claim('a', '{"x": 1, "y": 2}') $$, 'MK409', 'core.idempotency_in_progress',
  'claimed and not yet answered');
select lives_ok($$ select core._store_response(pg_temp.ctx('a'), 'POST /x', '{"id": 7}') $$, 'the answer is stored');

-- repeated
select is(pg_temp.claim('a', '{"y": 2, "x": 1}'), '{"id": 7}'::jsonb,
  'the same request gets the stored answer, whatever the order of its fields');
select throws_ok($$ select pg_temp.claim('a', '{"x": 1, "y": 3}') $$, 'MK422', 'core.idempotency_key_reused',
  'another request under the same key');

-- not yours
select is(pg_temp.claim('a', '{"x": 1, "y": 2}', 'POST /y'), null, 'the same key on another route is another key');
select is(pg_temp.claim('a', '{"x": 1, "y": 2}', 'POST /x', '01a203e7-8f72-7dec-8ec2-97d670551b70'), null,
  'the same key of another account is another key');

-- limits
select throws_ok($$ select pg_temp.claim(null, '{}') $$, 'MK400', 'core.idempotency_key_required', 'no key');
select throws_ok($$ select pg_temp.claim('', '{}') $$, 'MK400', 'core.idempotency_key_invalid', 'an empty key');
select throws_ok($$ select pg_temp.claim(repeat('k', 256), '{}') $$, 'MK400', 'core.idempotency_key_invalid',
  'a key that is too long');
select throws_ok($$ select pg_temp.claim('a', '{}', 'POST /x', null) $$, 'MK401', 'identity.unauthenticated',
  'nobody has no keys');
select throws_ok($$ select core._store_response(pg_temp.ctx('zz'), 'POST /x', '{}') $$, 'P0001', null,
  'an answer without a claim is a bug');

-- time
update core.clock set clock_offset = clock_offset + interval '48 hours 1 second';
select is(pg_temp.claim('a', '{"x": 1, "y": 3}'), null, 'after 48 hours the key is fresh again');
select is((select k.response from core.idempotency_keys as k
    where k.idempotency_key = 'a' and k.route = 'POST /x'
      and k.account_id = '01a203e7-8f72-7dec-8ec2-97d670551b7f'),
  null, 'and its old answer is gone');

select * from finish();
rollback;
