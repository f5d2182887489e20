begin;
select plan(11);

create temporary table a as select core.new_id() as one, core.new_id() as two;
select test.event(one, 1), test.event(two, 1), test.event(one, 2) from a;
select events._append('session', core.new_id(), 1, 'identity.session_opened', null, null, null,
                      jsonb_build_object('sessionId', core.new_id(), 'userId', core.new_id()));
select events.sequence();
create function pg_temp.list(p_type text default null, p_aggregate uuid default null, p_after bigint default null,
                             p_cursor text default null, p_limit integer default 20)
returns setof bigint language sql as $$
  select e.seq from events.list_events(test.ctx(test.admin()), p_type, p_aggregate, p_after, p_cursor, p_limit) as e;
$$;

do $$ begin perform test.admin(), test.buyer('ana'), test.seller('bob'); end $$;

-- allowed
select results_eq($$ select pg_temp.list() $$, array[1, 2, 3, 4]::bigint[], 'the whole log');
select results_eq($$ select pg_temp.list('identity.session_opened') $$, array[4]::bigint[], 'of a type');
select results_eq($$ select pg_temp.list(p_aggregate => one) from a $$, array[1, 3]::bigint[], 'of an aggregate');
select results_eq($$ select pg_temp.list(p_after => 2) $$, array[3, 4]::bigint[], 'after a number');
select is_empty($$ select pg_temp.list('no.such_type') $$, 'of an unknown type: none');
select results_eq(
  $$ select pg_temp.list(p_cursor => (select e.page_cursor
       from events.list_events(test.ctx(test.admin()), null, null, null, null, 2) as e offset 1 limit 1)) $$,
  array[3, 4]::bigint[], 'from a cursor');

-- limits
select is((select count(*) from pg_temp.list(p_limit => 2)), 3::bigint, 'a page and one row more');

-- refused
select throws_ok($$ select pg_temp.list(p_cursor => 'rubbish') $$, 'MK400', 'core.cursor_invalid');
select throws_ok($$ select events.list_events(test.ctx(), null, null, null, null, 1) $$, 'MK401', 'identity.unauthenticated');
select throws_ok($$ select events.list_events(test.ctx(test.buyer('ana')), null, null, null, null, 1) $$, 'MK403', 'identity.role_required');
select throws_ok($$ select events.list_events(test.ctx(test.seller('bob')), null, null, null, null, 1) $$, 'MK403', 'identity.role_required');

select * from finish();
rollback;
