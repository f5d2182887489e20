begin;
select plan(35);

select is(events.sequence(), 0, 'nothing to do');
create temporary table a as select n, core.new_id() as id from generate_series(1, 9) as n;
create function pg_temp.a(p_n integer) returns uuid language sql as $$ select id from a where n = p_n $$;

-- Three transactions: 100 touches a1, then 101 touches a1 and a2, while 102 had begun with a2 before 101 took it.
create temporary table staged as
select test.staged(102, pg_temp.a(2), 1) as a2v1,
       test.staged(101, pg_temp.a(9), 1) as early,
       test.staged(100, pg_temp.a(1), 1) as a1v1,
       test.staged(102, pg_temp.a(3), 1) as a3v1,
       test.staged(101, pg_temp.a(2), 2) as a2v2,
       test.staged(101, pg_temp.a(1), 2) as a1v2;
select is(events.sequence(), 6, 'all that is committed moves');
select is(events.head(), 6::bigint, 'and the head with it');
select is_empty($$ select * from events.staging $$, 'nothing stays behind');
select results_eq(
  $$ select l.seq, l.transaction_id::text, l.aggregate_id, l.aggregate_version from events.log as l order by l.seq $$,
  $$ values (1::bigint, '100', pg_temp.a(1), 1::bigint), (2, '102', pg_temp.a(2), 1), (3, '102', pg_temp.a(3), 1),
            (4, '101', pg_temp.a(9), 1), (5, '101', pg_temp.a(2), 2), (6, '101', pg_temp.a(1), 2) $$,
  'transactions stay whole, in the order of their last staging ids');
select is_empty($$ select * from events._check_invariants() $$, 'dense, chained, versions growing');

-- repeated
select is(events.sequence(), 0, 'again: nothing');
select is((select h.updated_at from events.head as h) is not null, true, 'the head tells when it moved');

-- limits: a batch ends between transactions
do $$ begin
  for v_n in 1..20 loop perform test.staged(200 + v_n / 2, pg_temp.a(4), v_n); end loop;
end $$;
select is(events.sequence(4), 3, 'a bound of 4 takes the single 200 and both of 201; 202 would be cut');
select is(events.sequence(4), 4, 'then two whole transactions');
select is(events.sequence(1), 4, 'a transaction larger than the bound moves whole: the bound grows');
select is(events.sequence(0), 4, 'a bound of nothing still moves on');
select is(events.sequence(), 5, 'the rest');
select results_eq(
  $$ select l.aggregate_version from events.log as l where l.aggregate_id = pg_temp.a(4) order by l.seq $$,
  $$ select generate_series(1, 20)::bigint $$, 'in order over all batches');

-- limits: a transaction that spans the bound is left whole for a later batch
do $$ begin
  perform test.staged(301, pg_temp.a(5), 1);
  perform test.staged(302, pg_temp.a(6), 1);
  perform test.staged(303, pg_temp.a(7), 1);
  perform test.staged(301, pg_temp.a(6), 2);
end $$;
select is(events.sequence(3), 2, 'the two that are whole within the bound');
select is(events.sequence(3), 2, 'then the one that spans it');
select results_eq(
  $$ select l.transaction_id::text from events.log as l order by l.seq desc limit 4 $$,
  $$ values ('301'), ('301'), ('303'), ('302') $$, 'in one piece');

-- one statement tells of several things: its row moves whole, in the order that it has
create function pg_temp.tell(p_xid bigint, p_versions bigint[]) returns void language sql as $$
  insert into events.outbox (xid, drafts)
  select p_xid::text::xid8, array_agg(row('identity.user_suspended', 'user', pg_temp.a(9), v.version, null, null, '{}',
                                          jsonb_build_object('userId', pg_temp.a(9)), core.now())::events.draft order by v.n)
  from unnest(p_versions) with ordinality as v (version, n);
$$;
select pg_temp.tell(500, '{2,3,4}'), pg_temp.tell(501, '{5,6}'), pg_temp.tell(501, '{7}'), pg_temp.tell(502, '{8}');
select results_eq($$ select s.aggregate_version, s.xid::text from events.staging as s order by s.staging_id $$,
  $$ values (2::bigint, '500'), (3, '500'), (4, '500'), (5, '501'), (6, '501'), (7, '501'), (8, '502') $$, 'seven events wait');
select is((select sum(o.event_count) from events.outbox as o), 7::bigint, 'in four rows');
select is(events.sequence(4), 3, 'a bound of 4 events takes the row of 3');
select is(events.sequence(3), 3, 'and one of 3 both rows of a transaction');
select is(events.sequence(), 1, 'then the last one');
select results_eq(
  $$ select l.aggregate_version from events.log as l where l.aggregate_id = pg_temp.a(9) order by l.seq $$,
  $$ select generate_series(1, 8)::bigint $$, 'in order within the rows and over them');
select throws_ok($$ insert into events.outbox (drafts) values ('{}') $$, '23514', null, 'a row tells of something');
select throws_ok($$ select events._append('user', pg_temp.a(9), null, 'identity.user_suspended', null, null, null, '{}') $$, '23514', null,
  'what the log would not take is refused at its writer');

-- many domains
select lives_ok($$
  select events._append('order', core.new_id(), 1, 'orders.order_placed', null, null, null, '{}'),
         events._append('user', core.new_id(), 1, 'identity.user_registered', null, null, null, '{}') $$, 'two domains');
select is(events.sequence(), 2, 'move together');

-- partitions
select is((select count(*) from pg_inherits where inhparent = 'events.log'::regclass), 1::bigint, 'one partition so far');
update events.head set seq = 999998;
select is((select count(*)::integer from (select test.staged(400 + n, pg_temp.a(8), n) from generate_series(1, 3) as n) as s), 3, 'three more');
select is(events.sequence(), 3, 'the numbers cross into the second million');
select results_eq(
  $$ select l.tableoid::regclass::text, l.seq from events.log as l where l.seq > 900000 order by l.seq $$,
  $$ values ('events.log_000000', 999999::bigint), ('events.log_000001', 1000000), ('events.log_000001', 1000001) $$,
  'whose partition was made in time');

-- append-only
select throws_ok($$ update events.log set payload = '{}' where seq = 1 $$, '23001', null, 'no event is changed');
select throws_ok($$ delete from events.log where seq = 1 $$, '23001', null, 'or removed');
select throws_ok($$ truncate events.log $$, '23001', null, 'nor all of them');

-- refused
select throws_ok($$ set local role tradepost_api; select events.sequence() $$, '42501', null, 'requests do not sequence');

select * from finish();
rollback;
