begin;
select plan(2);

select ok(events.lead(), 'one connection leads');
select throws_ok($$ set local role tradepost_api; select events.lead() $$, '42501', null, 'requests do not lead');

select * from finish();
rollback;
