-- What a complete order costs on a generated marketplace: batches of 64 orders of two lines, from random buyers over all its offers,
-- placed, begun to pay, confirmed and sequenced by the functions that the program calls. Prints the CPU time of this
-- backend and the median wall time per order, as step|cpu|wall in milliseconds. As superuser; the orders stay.
--   psql -X -f benches/data/orders.sql small; psql -X -f benches/data/orders.sql large
\set QUIET on
set jit = off;
set client_min_messages = warning;
create function pg_temp.cpu_ms() returns bigint language sql volatile as $$
  select (f[14]::bigint + f[15]::bigint) * 10
  from regexp_split_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', 'x x '), ' ') as f
$$;
create temp table buyers as
select row_number() over () as n, u.user_id, s.session_id
from identity.users as u join identity.sessions as s using (user_id) where u.role = 'BUYER';
create temp table sold as select row_number() over () as n, o.variant_id from catalog.offers as o;
create index on buyers (n);
create index on sold (n);
analyze buyers;
analyze sold;
create temp table batches (no integer, placings jsonb, orders jsonb);
create temp table spent (step text, no integer, cpu_ms bigint, wall_ms double precision);
insert into batches (no, placings)
select b.no, jsonb_agg(jsonb_build_object(
         'actorId', u.user_id, 'sessionId', u.session_id, 'requestId', core.new_id(), 'idempotencyKey', core.new_id(), 'currency', 'USD',
         'shippingAddress', '{"name": "A Buyer", "line1": "1 High Street", "city": "Springfield", "postalCode": "12345", "countryCode": "US"}'::jsonb,
         'lines', jsonb_build_array(jsonb_build_object('variantId', v.variant_id, 'quantity', 1),
                                    jsonb_build_object('variantId', w.variant_id, 'quantity', 1))))
from generate_series(1, 60) as b (no)
cross join lateral (select (random() * (select max(n) - 1 from buyers))::bigint + 1 as u, (random() * (select max(n) - 2 from sold))::bigint + 1 as v,
                           r from generate_series(b.no * 0 + 1, 64) as r) as d
join buyers as u on u.n = d.u
join sold as v on v.n = d.v
join sold as w on w.n = d.v + 1
group by b.no;
create procedure pg_temp.measure() language plpgsql as $$
declare
  v_batch record;
  v_cpu bigint;
  v_at timestamptz;
  v_step text;
  v_orders jsonb;
  v_starts jsonb;
  v_confirms jsonb;
begin
  for v_batch in select b.no, b.placings from batches as b order by b.no loop
    foreach v_step in array array['place', 'begin to pay', 'confirm', 'sequence'] loop
      v_cpu := pg_temp.cpu_ms();
      v_at := clock_timestamp();
      case v_step
        when 'place' then
          select jsonb_agg(jsonb_build_object('orderId', p.order_id, 'n', p.request_no, 'totalMinor', p.total_minor)) into v_orders
          from orders.place_orders(v_batch.placings) as p where p.problem_code is null;
        when 'begin to pay' then
          select jsonb_agg(jsonb_build_object('paymentId', p.payment_id, 'orderId', p.order_id, 'amountMinor', p.amount_minor)) into v_starts
          from payments.start_payments(v_confirms) as p where p.problem_code is null;
        when 'confirm' then perform count(*) from payments.confirm_payments(v_confirms);
        else perform events.sequence();
      end case;
      commit;
      insert into spent values (v_step, v_batch.no, pg_temp.cpu_ms() - v_cpu, extract(epoch from clock_timestamp() - v_at) * 1000 / 64);
      if v_step = 'place' then
        select jsonb_agg(r.request || jsonb_build_object('orderId', o.value -> 'orderId', 'idempotencyKey', core.new_id(), 'provider', 'sandbox',
                                                         'token', 'tok_ok'))
          into v_confirms
        from jsonb_array_elements(v_orders) as o join jsonb_array_elements(v_batch.placings) with ordinality as r (request, n)
          on r.n = (o.value ->> 'n')::bigint;
      elsif v_step = 'begin to pay' then
        select jsonb_agg(r.request || jsonb_build_object('idempotencyKey', core.new_id(), 'body', jsonb_build_object('paymentId', s.value -> 'paymentId'),
                 'settlement', s.value || jsonb_build_object('currency', 'USD', 'isSuccess', true, 'providerReference', 'ref-' || core.new_id())))
          into v_confirms
        from jsonb_array_elements(v_starts) as s join jsonb_array_elements(v_confirms) as r (request) on r.request -> 'orderId' = s.value -> 'orderId';
      end if;
    end loop;
  end loop;
end
$$;
call pg_temp.measure();
\pset format unaligned
\pset tuples_only on
select format('%s|%s|%s', coalesce(s.step, 'all'), round(sum(s.cpu_ms) / 64.0 / count(distinct s.no), 3),
              round((percentile_cont(0.5) within group (order by s.wall_ms))::numeric, 3))
from spent as s
where s.no > 10
group by grouping sets ((s.step), ())
order by 1;
select format('paid %s of %s', count(*) filter (where o.status = 'PAID'), count(*))
from orders.orders as o where o.placed_at > core.now() - interval '10 minutes';
