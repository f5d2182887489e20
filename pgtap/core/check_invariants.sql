begin;
select plan(4);

select is_empty($$ select * from core.check_invariants() $$, 'nothing is broken');
select is_empty(
  $$ select n.nspname
       from pg_proc as p
       join pg_namespace as n on n.oid = p.pronamespace
      where p.proname = '_check_invariants' and n.nspname = any (test.domains())
        and position(n.nspname || '._check_invariants()' in
              (select c.prosrc from pg_proc as c where c.oid = 'core.check_invariants()'::regprocedure)) = 0 $$,
  'it asks every domain that has a list');
insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, response, created_at)
values (test.buyer('ana'), 'POST /orders', 'unanswered', '\x00', null, core.now());
select isnt_empty($$ select * from core.check_invariants() $$, 'a key without an answer is broken');
select throws_ok($$ set local role tradepost_api; select * from core.check_invariants() $$, '42501', null,
                 'not for requests: it reads everything');

select * from finish();
rollback;
