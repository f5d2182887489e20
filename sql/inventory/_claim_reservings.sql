-- Claims the idempotency keys of the requests that are still alive: a replayed request takes over its stored answer, a duplicate
-- within the batch points to the request that does the work (same_as), the others get their reservation id.
-- Private. Locks: idempotency keys (never waited for).
create or replace function inventory._claim_reservings(p_reservings inventory.reserving[], p_now timestamptz)
returns inventory.reserving[]
language plpgsql
volatile
as $$
declare
  v_ids constant uuid[] := array(select core.new_id() from unnest(p_reservings));
begin
  return (
  select array_agg(row(
    r.request_no, r.account_id, r.request_id,
    case when c.outcome in ('BUSY', 'REUSED') then null else r.idempotency_key end, r.request_hash,  -- theirs: nothing is stored
    r.reference, r.ttl_s, r.lines,
    case c.outcome when 'FRESH' then v_ids[r.request_no] when 'REPLAY' then (c.response ->> 'reservationId')::uuid end,
    c.same_as,
    coalesce(c.outcome in ('REPLAY', 'DUPLICATE'), false),
    coalesce(r.problem_status,
             case c.outcome when 'REUSED' then 422 when 'BUSY' then 409 when 'REPLAY' then (c.response ->> 'status')::integer end),
    coalesce(r.problem_code,
             case c.outcome when 'REUSED' then 'core.idempotency_key_reused'
                            when 'BUSY' then 'core.idempotency_in_progress'
                            when 'REPLAY' then c.response ->> 'code' end),
    coalesce(r.problem_detail,
             case c.outcome when 'REUSED' then 'This idempotency key was used for another request.'
                            when 'BUSY' then 'A request with this idempotency key is being processed.'
                            when 'REPLAY' then c.response ->> 'detail' end),
    coalesce(r.problem_hint,
             case c.outcome when 'REUSED' then 'Use a new key for a new request.'
                            when 'BUSY' then 'Repeat the request in a second.'
                            when 'REPLAY' then c.response ->> 'hint' end),
    coalesce(r.problem_errors, case c.outcome when 'REPLAY' then c.response -> 'errors' end)
    )::inventory.reserving order by r.request_no)
  from unnest(p_reservings) as r
  left join core._claim_idempotency_batch(
    'POST /inventory/reserve',
    array(select row(a.request_no, a.account_id, a.idempotency_key, a.request_hash,
                     jsonb_build_object('reservationId', v_ids[a.request_no]))::core.idempotent_request
          from unnest(p_reservings) as a
          where a.problem_code is null),
    p_now) as c on c.request_no = r.request_no);
end
$$;
comment on function inventory._claim_reservings(inventory.reserving[], timestamptz) is
  'Claims idempotency keys for a reserve_stock batch and fills in stored answers.';
