-- Pages: core._page_limit, core._encode_cursor, core._decode_cursor.
begin;
select plan(21);

create function pg_temp.encoded(p_text text) returns text language sql as $$
  select translate(encode(convert_to(p_text, 'UTF8'), 'base64'), E'+/=\n', '-_')
$$;

select is(core._page_limit(null), 21, 'twenty by default, plus one');
select is(core._page_limit(-3), 2, 'at least one, plus one');
select is(core._page_limit(50), 51, 'what was asked for, plus one');
select is(core._page_limit(100000), 101, 'at most a hundred, plus one');

select is(
  core._decode_cursor(
    core._encode_cursor('2026-01-01 00:00:00.123456+00', '01a203e7-8f72-7dec-8ec2-97d670551b7f', null, 'ü "x" \'),
    '{timestamptz,uuid,text,text}'),
  array['2026-01-01 00:00:00.123456+00', '01a203e7-8f72-7dec-8ec2-97d670551b7f', null, 'ü "x" \'],
  'what goes in comes out');
select ok(core._encode_cursor(repeat('ü?>', 200)) ~ '^[A-Za-z0-9_-]+$', 'fit for a URL');
select is(core._decode_cursor(null, '{text}'), null, 'no cursor, first page');
select is(core._decode_cursor(core._encode_cursor('12', '1.50', 'true', '2026-02-28'), '{bigint,numeric,boolean,date}'),
  array['12', '1.50', 'true', '2026-02-28'], 'every type');

select throws_ok(format('select core._decode_cursor(%L, %L)', c.cursor, c.types), 'MK400', 'core.cursor_invalid', c.why)
from (values
  ('', '{text}', 'empty'),
  ('A', '{text}', 'cut off'),
  ('zzz!', '{text}', 'other characters'),
  (repeat('A', 4001), '{text}', 'too long'),
  (pg_temp.encoded('{"a": 1}'), '{text}', 'an object'),
  (pg_temp.encoded('"a"'), '{text}', 'a scalar'),
  (pg_temp.encoded('[]'), '{text}', 'no key'),
  (pg_temp.encoded('["a", "b"]'), '{text}', 'a key too many'),
  (pg_temp.encoded('["\u0000"]'), '{text}', 'a NUL'),
  ('__79', '{text}', 'not UTF-8'),
  (core._encode_cursor('x'), '{uuid}', 'not a uuid'),
  (core._encode_cursor('99999999999'), '{integer}', 'out of range'),
  (core._encode_cursor('2026-13-01'), '{timestamptz}', 'no such month')
) as c (cursor, types, why);

select * from finish();
rollback;
