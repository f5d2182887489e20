begin;
select plan(3);

select is_empty($$ select * from core.check_invariants() $$, 'nothing is broken');
insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, response, created_at)
values (test.buyer('ana'), 'POST /orders', 'unanswered', '\x00', null, core.now());
select isnt_empty($$ select * from core.check_invariants() $$, 'a key without an answer is broken');
select throws_ok($$ set local role tradepost_api; select * from core.check_invariants() $$, '42501', null,
                 'not for requests: it reads everything');

select * from finish();
rollback;
