begin;
select plan(1);

-- what is awkward in JSON: quotes, backslashes, control characters, other scripts, nothing at all, nobody among the audience, moments before 1970
create temporary table given as
select row(s.seq, 'orders.order_placed', coalesce(s.thing, 'order'), core.new_id(), s.seq, case s.seq % 2 when 0 then core.new_id() end, s.thing,
           case s.seq when 1 then '{}' when 2 then array[core.new_id()] when 3 then array[core.new_id(), null] else array[core.new_id(), core.new_id()] end,
           jsonb_build_object(coalesce(s.thing, 'k'), s.thing, 'n', array[1.50, -2], 'o', null), s.at::timestamptz, (s.seq || '7')::xid8, null)::events.log as entry
from (values (1::bigint, 'plain', '2026-01-01 00:00:00.000001+00'), (2, null, '1969-12-31 23:59:59.5+00'), (3, '"', '2026-07-01 12:00:00+09'),
             (4, E'\\ \t \n \x01 /', 'epoch'), (5, 'ключ 鍵 🔑', '2026-01-01'), (6, '', '9999-12-31'))
     as s (seq, thing, at);
select results_eq(
  $$ select events._canonical(g.entry) from given as g order by (g.entry).seq $$,
  $$ select jsonb_build_array((g.entry).seq, (g.entry).type, (g.entry).aggregate_type, (g.entry).aggregate_id, (g.entry).aggregate_version,
                              (g.entry).actor_id, (g.entry).request_id, (g.entry).audience, (g.entry).payload,
                              (extract(epoch from (g.entry).occurred_at) * 1000000)::bigint, (g.entry).transaction_id::text)::text
     from given as g order by (g.entry).seq $$,
  'the text of an event is that of a JSON array of its columns');

select finish();
rollback;
