-- How long each call of tests/it/growth_reads.sql takes here: p50 and p99 of 200 in milliseconds, each in its own
-- subtransaction that is rolled back. Run on generated marketplaces of two sizes and compare:
--   psql -X -f benches/data/times.sql small; psql -X -f benches/data/times.sql large
\set QUIET on
\ir ../../tests/it/growth_reads.sql
set jit = off;
create temp table times (no integer, name text, ms double precision);
do $$
declare
  v_call record;
  v_at timestamptz;
  v_ms double precision;
  v_until timestamptz;
begin
  for v_call in select c.no, c.name, c.call from pg_temp.calls as c order by c.no loop
    v_until := clock_timestamp() + interval '4 seconds';
    for i in 1 .. 210 loop
      exit when clock_timestamp() > v_until;
      begin
        v_at := clock_timestamp();
        execute v_call.call;
        v_ms := extract(epoch from clock_timestamp() - v_at) * 1000;
        raise exception 'undo' using errcode = 'P0099';
      exception when sqlstate 'P0099' then null;
      end;
      if i > 10 or v_ms > 100 then  -- the first ones read the catalogue and fill caches
        insert into times values (v_call.no, v_call.name, v_ms);
      end if;
    end loop;
  end loop;
end
$$;
\pset format unaligned
\pset tuples_only on
select format('%s|%s|%s|%s', t.name, count(*), round(percentile_cont(0.5) within group (order by t.ms)::numeric, 3),
              round(percentile_cont(0.99) within group (order by t.ms)::numeric, 3))
from times as t
group by t.no, t.name
order by t.no;
