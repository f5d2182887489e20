-- Reserves stock for 1..n requests, each answered on its own row, exactly as if executed one after another in arrival order.
-- Called by: any account, batched by the HTTP layer. p_requests is an array of
--   {actorId, sessionId, requestId, idempotencyKey, reference?, ttlSeconds?, lines: [{variantId, sellerId, quantity}]}.
-- All lines of a request or none; lines on the same stock row are summed.
-- Locks: idempotency keys, accounts as holders, stock rows by (variant_id, seller_id). Events: inventory.stock_reserved, inventory.stock_low.
-- Refusals are rows, never exceptions: identity.unauthenticated, core.idempotency_key_required, core.idempotency_key_reused, core.idempotency_in_progress,
-- inventory.lines_required, too_many_lines, ttl_invalid, reference_too_long, quantity_invalid, offer_unknown, insufficient_stock, too_much_held.
create or replace function inventory.reserve_stock(p_requests jsonb)
returns setof inventory.reserving_answer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_now constant timestamptz := core.now();
  v_reservings inventory.reserving[];
  v_granted inventory.reserving[];
begin
  v_reservings := inventory._claim_reservings(inventory._parse_reservings(p_requests), v_now);
  v_reservings := inventory._decide_reservings(v_reservings, v_now);
  v_granted := array(select r from unnest(v_reservings) as r where r.problem_code is null and not r.is_replayed);
  if cardinality(v_granted) > 0 then
    perform inventory._write_reservings(v_granted, v_now);
  end if;

  update core.idempotency_keys as k
  set response = jsonb_strip_nulls(jsonb_build_object(
        'status', r.problem_status, 'code', r.problem_code, 'detail', r.problem_detail,
        'hint', r.problem_hint, 'errors', r.problem_errors))
  from unnest(v_reservings) as r
  where r.problem_code is not null and r.reservation_id is not null and not r.is_replayed  -- claimed, then refused
    and k.account_id = r.account_id and k.route = 'POST /inventory/reserve' and k.idempotency_key = r.idempotency_key;

  return query
  select r.request_no, r.is_replayed,
         w.problem_status, w.problem_code, w.problem_detail, w.problem_hint, w.problem_errors,
         s.reservation_id, case when s.reservation_id is not null then 'HELD' end, s.reference, s.expires_at, s.created_at,
         null::timestamptz, s.lines
  from unnest(v_reservings) as r
  cross join lateral (select (v_reservings[coalesce(r.same_as, r.request_no)]).*) as w
  left join inventory._reservation(
    array(select g.reservation_id from unnest(v_reservings) as g
          where g.problem_code is null and g.reservation_id is not null)) as s
    on s.reservation_id = w.reservation_id
  order by r.request_no;
end
$$;
comment on function inventory.reserve_stock(jsonb) is
  'Reserves stock for a batch of requests; one answer row per request with either the reservation or its problem_*.';
grant execute on function inventory.reserve_stock(jsonb) to tradepost_api;
