begin;
select plan(3);

select is(core.now(), statement_timestamp(), 'without an offset it is the start of the statement');
update core.clock set clock_offset = interval '90 days';
select ok(core.now() - statement_timestamp() = interval '90 days', 'core.clock moves it');
select throws_ok(
  $$ set local role tradepost_api; update core.clock set clock_offset = interval '1 day' $$,
  '42501', null, 'the program cannot move it');

select * from finish();
rollback;
