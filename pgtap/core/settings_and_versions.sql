-- What every domain leans on: core._setting_int, core._assert_version, the order of core.new_id.
begin;
select plan(7);

select is_empty(
  $$ select from (
       select i.id, lag(i.id) over (order by i.n) as before
         from (select n, core.new_id() as id from generate_series(1, 5000) as n) as i
     ) as s where s.id <= s.before $$,
  'ids of one session sort by creation');

update core.settings set value = 17 where name = 'orders.lines_max';
select is(core._setting_int('orders.lines_max'), 17::bigint, 'a setting as it is now');
select throws_ok($$ select core._setting_int('nobody.knows') $$, 'P0002', null, 'a setting without a row is a bug');

select lives_ok('select core._assert_version(3, 3)', 'the version that was read');
select throws_ok('select core._assert_version(3, 2)', 'MK412', 'core.version_stale', 'an older one');
select throws_ok('select core._assert_version(3, null)', 'MK428', 'core.if_match_required', 'none');
select throws_ok('select core._assert_version(null, 1)', 'MK412', 'core.version_stale', 'a resource without one');

select * from finish();
rollback;
