begin;
select plan(22);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 5), chair = test.offer(sid, 2500, 2);

-- allowed: all lines, summed per stock row
create temporary table held as
select r.* from f, inventory.reserve_stock(jsonb_build_array(
  test.reserving(ana, 'k1', sid, jsonb_build_array(jsonb_build_array(lamp, 2), jsonb_build_array(chair, 1), jsonb_build_array(lamp, 1)), 60))) as r;
select results_eq(
  $$ select problem_code, status, expires_at - created_at, jsonb_array_length(lines), is_replayed from held $$,
  $$ values (null::text, 'HELD', interval '1 minute', 2, false) $$, 'units of several lines are held together');
select results_eq('select test.stock(lamp), test.stock(chair) from f', $$ values ('5/3', '2/1') $$, 'and counted');
select results_eq(
  $$ select s.payload ->> 'reservationId' = h.reservation_id::text, s.audience @> array[ana, sid] from f, held as h, events.staging as s where s.type = 'inventory.stock_reserved' $$,
  $$ values (true, true) $$, 'one event tells owner and seller');

-- refused: every short line is listed, nothing is taken
select results_eq(
  $$ select r.problem_status, r.problem_code, r.problem_errors #>> '{0,pointer}', (r.problem_errors #>> '{0,available}')::int,
            r.problem_errors #>> '{1,pointer}', jsonb_array_length(r.problem_errors)
     from f, inventory.reserve_stock(jsonb_build_array(test.reserving(ana, 'k2', sid,
       jsonb_build_array(jsonb_build_array(lamp, 2), jsonb_build_array(chair, 9), jsonb_build_array(lamp, 1))))) as r $$,
  $$ values (409, 'inventory.insufficient_stock', '/lines/0', 2, '/lines/1', 3) $$, 'all three short lines');
select results_eq('select test.stock(lamp), test.stock(chair) from f', $$ values ('5/3', '2/1') $$, 'took nothing');

-- one after another: what a refused one leaves, the next may have
select results_eq(
  $$ select r.request_no, r.problem_code from f, inventory.reserve_stock(jsonb_build_array(
       test.reserving(ana, 'b1', sid, jsonb_build_array(jsonb_build_array(lamp, 3))),
       test.reserving(ben, 'b2', sid, jsonb_build_array(jsonb_build_array(lamp, 2))),
       test.reserving(ana, 'b3', sid, jsonb_build_array(jsonb_build_array(lamp, 1))))) as r $$,
  $$ values (1, 'inventory.insufficient_stock'), (2, null), (3, 'inventory.insufficient_stock') $$, 'the second gets what the first could not');

-- repeated
select results_eq(
  $$ select r.reservation_id = h.reservation_id, r.is_replayed, r.problem_code from held as h, f, inventory.reserve_stock(jsonb_build_array(
       test.reserving(ana, 'k1', sid, jsonb_build_array(jsonb_build_array(lamp, 2), jsonb_build_array(chair, 1), jsonb_build_array(lamp, 1)), 60))) as r $$,
  $$ values (true, true, null::text) $$, 'the same key answers the same reservation');
select results_eq(
  $$ select r.problem_code, r.is_replayed from f, inventory.reserve_stock(jsonb_build_array(
       test.reserving(ana, 'b1', sid, jsonb_build_array(jsonb_build_array(lamp, 3))))) as r $$,
  $$ values ('inventory.insufficient_stock', true) $$, 'and the same refusal');
select results_eq(
  $$ select r.problem_status, r.problem_code from f, inventory.reserve_stock(jsonb_build_array(
       test.reserving(ana, 'k1', sid, jsonb_build_array(jsonb_build_array(lamp, 1))))) as r $$,
  $$ values (422, 'core.idempotency_key_reused') $$, 'but not for another request');
select results_eq(
  $$ select r.problem_code, r.is_replayed, r.reservation_id = first_value(r.reservation_id) over (order by r.request_no) from f, inventory.reserve_stock(jsonb_build_array(
       test.reserving(ben, 'd', sid, jsonb_build_array(jsonb_build_array(chair, 1))),
       test.reserving(ben, 'd', sid, jsonb_build_array(jsonb_build_array(chair, 1))),
       test.reserving(ben, 'd', sid, jsonb_build_array(jsonb_build_array(chair, 2))))) as r $$,
  $$ values (null::text, false, true), (null, true, true), ('core.idempotency_key_reused', false, null) $$, 'within one batch as well');

-- an expired hold never blocks a sale
update core.clock set clock_offset = interval '2 minutes';
select results_eq(
  $$ select r.problem_code from f, inventory.reserve_stock(jsonb_build_array(test.reserving(ben, 'e', sid, jsonb_build_array(jsonb_build_array(lamp, 3))))) as r $$,
  $$ values (null::text) $$, 'its units are taken back when they are needed');
select throws_ok($$ select c.* from f, held as h, inventory.release_reservation(test.ctx(ana, 'c'), h.reservation_id) as c $$, 'MK409', 'inventory.reservation_expired', 'its hold is over');

-- limits
select results_eq(
  $$ select r.problem_status, r.problem_code, r.problem_errors #>> '{0,pointer}' from f, inventory.reserve_stock(jsonb_build_array(
       test.reserving(null, 'l1', sid, jsonb_build_array(jsonb_build_array(lamp, 1))),
       test.reserving(sid, 'l1', sid, jsonb_build_array(jsonb_build_array(lamp, 1))),
       test.reserving(ana, null, sid, jsonb_build_array(jsonb_build_array(lamp, 1))),
       test.reserving(ana, 'l3', sid, '[]'),
       test.reserving(ana, 'l4', sid, (select jsonb_agg(jsonb_build_array(lamp, n - n + 1)) from generate_series(1, 101) as n)),
       test.reserving(ana, 'l5', sid, jsonb_build_array(jsonb_build_array(lamp, 1)), 0),
       test.reserving(ana, 'l6', sid, jsonb_build_array(jsonb_build_array(lamp, 1)), 86401),
       test.reserving(ana, 'l7', sid, jsonb_build_array(jsonb_build_array(lamp, 1), jsonb_build_array(lamp, 0))),
       test.reserving(ana, 'l8', sid, jsonb_build_array(jsonb_build_array(lamp, 1000000001))),
       test.reserving(ana, 'l9', sid, jsonb_build_array(jsonb_build_array(sid, 1))),
       test.reserving(ana, 'l10', sid, jsonb_build_array(jsonb_build_array(lamp, 1))) || jsonb_build_object('reference', repeat('x', 201)))) as r $$,
  $$ values (401, 'identity.unauthenticated', null), (401, 'identity.unauthenticated', null), (400, 'core.idempotency_key_required', null),
            (422, 'inventory.lines_required', '/lines'), (422, 'inventory.too_many_lines', '/lines'),
            (422, 'inventory.ttl_invalid', '/ttlSeconds'), (422, 'inventory.ttl_invalid', '/ttlSeconds'),
            (422, 'inventory.quantity_invalid', '/lines/1/quantity'), (422, 'inventory.quantity_invalid', '/lines/0/quantity'),
            (422, 'inventory.offer_unknown', '/lines/0/variantId'), (422, 'inventory.reference_too_long', '/reference') $$,
  'each malformed request is refused on its own row');
select is_empty($$ select * from inventory._check_invariants() $$, 'the invariants hold');

-- A batch is exactly its requests one after another: random batches against twins that run one by one.
create temporary table outcomes (round integer, run text, request_no integer, outcome text);
do $do$
declare
  v_f f;
  v_requests jsonb;
  v_outcome text[];
  v_stock text;
begin
  select * into v_f from f;
  perform setseed(0.42);
  for v_round in 1 .. 40 loop
    v_requests := (
      select jsonb_agg(case
               when d.dice < 0.2 then test.reserving(v_f.ana, 'p' || v_round, v_f.sid, jsonb_build_array(jsonb_build_array(v_f.lamp, 1)))
               else test.reserving(
                 case when random() < 0.5 then v_f.ana else v_f.ben end,
                 'p' || v_round || case when d.dice < 0.3 then '' else '-' || d.n end, v_f.sid,
                 (select jsonb_agg(jsonb_build_array(case when random() < 0.5 then v_f.lamp else v_f.chair end, 1 + floor(random() * 3)::int))
                  from generate_series(1, 1 + floor(random() * 3 + d.n * 0)::int))) end order by d.n)
      from (select n, random() as dice from generate_series(1, 8) as n offset 0) as d);
    foreach v_stock in array array['batch', 'single'] loop
      begin
        update inventory.stock_levels set on_hand = on_hand + 6, low_stock_threshold = 3;
        if v_stock = 'batch' then
          v_outcome := array(
            select concat_ws(' ', r.problem_code, r.problem_errors, r.lines, r.is_replayed) from inventory.reserve_stock(v_requests) as r order by r.request_no);
        else
          v_outcome := '{}';
          for v_n in 0 .. jsonb_array_length(v_requests) - 1 loop
            v_outcome := v_outcome || (
              select concat_ws(' ', r.problem_code, r.problem_errors, r.lines, r.is_replayed)
              from inventory.reserve_stock(jsonb_build_array(v_requests -> v_n)) as r);
          end loop;
        end if;
        v_outcome := v_outcome || (select string_agg(s.on_hand || '/' || s.reserved || '/' || s.is_low, ' ' order by s.variant_id)
                                   from inventory.stock_levels as s where s.seller_id = v_f.sid);
        raise exception 'undo' using errcode = 'ZZ001';
      exception when sqlstate 'ZZ001' then
        insert into outcomes select v_round, v_stock, n, o from unnest(v_outcome) with ordinality as u (o, n);
      end;
    end loop;
  end loop;
end
$do$;
select is((select count(*)::int from outcomes), 720, 'forty random batches of eight were run both ways');
select ok((select count(*) filter (where outcome like '%insufficient%') > 20 and count(*) filter (where outcome like '% t') > 10
              and count(*) filter (where outcome like '%reused%') > 5 from outcomes), 'with refusals, repeats and reused keys among them');
select is_empty(
  $$ select b.round, b.request_no, b.outcome, s.outcome from outcomes as b join outcomes as s using (round, request_no)
     where b.run = 'batch' and s.run = 'single' and b.outcome is distinct from s.outcome $$,
  'and gave the same answers and the same stock');

-- a buyer holds a limited number of units; what was refused, and orders, do not count
create temporary table h as select test.buyer('hoarder') as ana, test.offer(sid, 1000, 50) as lamp, test.offer(sid, 1000, 2) as rare, sid, sam from f;
update core.settings set value = 5 where name = 'inventory.buyer_held_units_max';
select results_eq(
  $$ select r.request_no, r.problem_status, r.problem_code from h, inventory.reserve_stock(jsonb_build_array(
       test.reserving(ana, 'h1', sid, jsonb_build_array(jsonb_build_array(lamp, 2))),
       test.reserving(ana, 'h2', sid, jsonb_build_array(jsonb_build_array(rare, 1), jsonb_build_array(lamp, 2))),
       test.reserving(ana, 'h3', sid, jsonb_build_array(jsonb_build_array(lamp, 1))),
       test.reserving(sam, 'h4', sid, jsonb_build_array(jsonb_build_array(lamp, 9))))) as r $$,
  $$ values (1, null::integer, null), (2, null, null), (3, 409, 'inventory.too_much_held'), (4, null, null) $$,
  'up to the limit, and sellers as they like');
select results_eq(
  $$ select r.is_replayed, r.problem_code, r.problem_detail from h, inventory.reserve_stock(jsonb_build_array(
       test.reserving(ana, 'h3', sid, jsonb_build_array(jsonb_build_array(lamp, 1))))) as r $$,
  $$ values (true, 'inventory.too_much_held', 'A buyer may hold 5 units by reservations; you may hold 0 more.') $$,
  'the refusal is an answer like any other');
select results_eq($$ select test.stock(lamp), test.stock(rare) from h $$, $$ values ('50/13', '2/1') $$, 'it took nothing');
update core.settings set value = 7 where name = 'inventory.buyer_held_units_max';
select results_eq(
  $$ select r.request_no, r.problem_code from h, inventory.reserve_stock(jsonb_build_array(
       test.reserving(ana, 'i1', sid, jsonb_build_array(jsonb_build_array(rare, 2))),
       test.reserving(ana, 'i2', sid, jsonb_build_array(jsonb_build_array(lamp, 2))))) as r $$,
  $$ values (1, 'inventory.insufficient_stock'), (2, null) $$, 'what was refused leaves its room to the next');
update core.clock set clock_offset = clock_offset + interval '1 day';
select is((select r.problem_code from h, inventory.reserve_stock(jsonb_build_array(
            test.reserving(ana, 'j1', sid, jsonb_build_array(jsonb_build_array(lamp, 7))))) as r), null, 'holds past their time do not count');

select * from finish();
rollback;
