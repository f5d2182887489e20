-- Claims the idempotency keys of the placings that are still alive. A replayed request takes over its stored answer, a
-- duplicate within the batch points to the request that does the work (same_as), the others get their order id.
-- Private. Locks: idempotency keys (never waited for).
create or replace function orders._claim_placings(p_placings orders.placing[], p_now timestamptz)
returns orders.placing[]
language plpgsql
volatile
as $$
declare
  v_ids constant uuid[] := array(select core.new_id() from unnest(p_placings));
begin
  return (
  select array_agg(row(
    p.request_no, p.buyer_id, p.session_id, p.request_id,
    case when c.outcome in ('BUSY', 'REUSED') then null else p.idempotency_key end, p.request_hash,  -- theirs: nothing is stored
    p.currency, p.coupon_codes, p.shipping_address, p.lines,
    case c.outcome when 'FRESH' then v_ids[p.request_no] when 'REPLAY' then (c.response ->> 'orderId')::uuid end,
    c.same_as,
    coalesce(c.outcome in ('REPLAY', 'DUPLICATE'), false),
    coalesce(p.problem_status, case c.outcome
      when 'REUSED' then 422 when 'BUSY' then 409 when 'REPLAY' then (c.response ->> 'status')::integer end),
    coalesce(p.problem_code, case c.outcome
      when 'REUSED' then 'core.idempotency_key_reused' when 'BUSY' then 'core.idempotency_in_progress'
      when 'REPLAY' then c.response ->> 'code' end),
    coalesce(p.problem_detail, case c.outcome
      when 'REUSED' then 'This idempotency key was used for another request.'
      when 'BUSY' then 'A request with this idempotency key is being processed.'
      when 'REPLAY' then c.response ->> 'detail' end),
    coalesce(p.problem_hint, case c.outcome
      when 'REUSED' then 'Use a new key for a new request.' when 'BUSY' then 'Repeat the request in a second.'
      when 'REPLAY' then c.response ->> 'hint' end),
    coalesce(p.problem_errors, case c.outcome when 'REPLAY' then c.response -> 'errors' end)
    )::orders.placing order by p.request_no)
  from unnest(p_placings) as p
  left join core._claim_idempotency_batch(
    'POST /orders',
    array(select row(a.request_no, a.buyer_id, a.idempotency_key, a.request_hash,
                     jsonb_build_object('orderId', v_ids[a.request_no]))::core.idempotent_request
          from unnest(p_placings) as a
          where a.problem_code is null),
    p_now) as c on c.request_no = p.request_no);
end
$$;
comment on function orders._claim_placings(orders.placing[], timestamptz) is
  'Claims idempotency keys for a place_orders batch and fills in stored answers.';
