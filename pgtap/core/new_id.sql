begin;
select plan(4);

select ok(core.new_id()::text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
          'an id is a UUID of version 7');
select is((select count(distinct core.new_id())::int from generate_series(1, 1000)), 1000, 'ids differ');
select ok(
  abs(extract(epoch from clock_timestamp()) * 1000
      - ('x' || lpad(left(replace(core.new_id()::text, '-', ''), 12), 16, '0'))::bit(64)::bigint) < 5000,
  'it begins with the milliseconds of now');
update core.clock set clock_offset = interval '10 years';
select ok(
  abs(extract(epoch from clock_timestamp()) * 1000
      - ('x' || lpad(left(replace(core.new_id()::text, '-', ''), 12), 16, '0'))::bit(64)::bigint) < 5000,
  'a moved clock does not move it');

select * from finish();
rollback;
