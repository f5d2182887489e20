begin;
select plan(2);

select is(core.migration_version(), (select max(version) from core.refinery_schema_history)::integer,
          'the newest migration');
select lives_ok($$ set local role tradepost_api; select core.migration_version(); reset role $$,
                'the program may ask');

select * from finish();
rollback;
