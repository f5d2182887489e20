begin;
select plan(3);

-- Each invariant is broken once, past the functions.
select is(test.broken('core'), '{}', 'all is well');
select is(test.broken('core', $$
    insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, response, created_at)
    values (test.buyer('ana'), 'POST /orders', 'answered', '\x00', '{}', core.now()) $$),
  '{}', 'a key with its answer');
select is(test.broken('core', $$
    insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, response, created_at)
    values (test.buyer('ana'), 'POST /orders', 'unanswered', '\x00', null, core.now()) $$),
  '{core.idempotency_key_has_response}', 'a key without one');

select * from finish();
rollback;
