begin;
select plan(6);

-- Keys that are there already are out of the way.
delete from core.idempotency_keys;
insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, response, created_at)
select test.buyer('ana'), 'POST /orders', 'old-' || i, '\x00', '{}',
       core.now() - make_interval(secs => core._setting_int('core.idempotency_ttl_s') + i)
  from generate_series(1, 5) as i;
insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, response, created_at)
values (test.buyer('ana'), 'POST /orders', 'fresh', '\x00', '{}', core.now());

select is(core.purge_idempotency(2), 2, 'at most as many as asked for');
select set_eq($$ select idempotency_key from core.idempotency_keys $$, array['old-1', 'old-2', 'old-3', 'fresh'],
              'the oldest go first');
select is(core.purge_idempotency(0), 1, 'at least one at a time');
select is(core.purge_idempotency(100), 2, 'the rest');
select is(core.purge_idempotency(100), 0, 'a key within its time stays');
select throws_ok($$ set local role tradepost_api; select core.purge_idempotency(1) $$, '42501', null,
                 'not for requests');

select * from finish();
rollback;
