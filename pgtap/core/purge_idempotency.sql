begin;
select plan(9);

-- Keys that are there already are out of the way.
delete from core.idempotency_keys;
insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, response, created_at)
select test.buyer('ana'), 'POST /orders', 'old-' || i, '\x00', '{}',
       core.now() - make_interval(secs => core._setting_int('core.idempotency_ttl_s') + i)
  from generate_series(1, 500) as i;
insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, response, created_at)
values (test.buyer('ana'), 'POST /orders', 'fresh', '\x00', '{}', core.now()),
       (test.buyer('ana'), 'POST /orders', 'within', '\x00', '{}',
        core.now() - make_interval(secs => core._setting_int('core.idempotency_ttl_s') - 60));
create temporary table f as
select (max((ctid::text::point)[0]) + 1)::bigint as blocks, (min((ctid::text::point)[0]))::bigint as first from core.idempotency_keys;
create function pg_temp.old() returns bigint language sql as $$
  select count(*) from core.idempotency_keys as k where k.idempotency_key like 'old-%' $$;

select ok(f.blocks > f.first + 1, 'keys in several blocks') from f;
select is((core.purge_idempotency(f.first, 1)).next_block, f.first + 1, 'some blocks at a time: where to go on') from f;
select ok(pg_temp.old() between 1 and 499, 'and what lies there stays until then');
select results_eq($$ select p.purged, p.next_block from f cross join lateral core.purge_idempotency(f.blocks, 1) as p $$,
                  $$ values (0, null::bigint) $$, 'behind the end there is nothing');
select is((core.purge_idempotency(0, 10000)).next_block, null, 'the end of the table');
select is(pg_temp.old(), 0::bigint, 'all that are past their time are gone');
select set_eq($$ select idempotency_key from core.idempotency_keys $$, array['fresh', 'within'], 'a key within its time stays');
select results_eq($$ select p.purged from core.purge_idempotency(-5, 0) as p $$, $$ values (0) $$, 'any numbers will do');
select throws_ok($$ set local role tradepost_api; select core.purge_idempotency(0, 1) $$, '42501', null,
                 'not for requests');

select * from finish();
rollback;
