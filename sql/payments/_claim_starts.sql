-- Claims the idempotency keys, all different, of the starts that are still alive. Each gets its fate (outcome) and the id of its
-- payment: a new one, which is stored with the claim as its answer, or the stored one.
-- Private. Locks: idempotency keys (never waited for).
create or replace function payments._claim_starts(p_starts payments.starting[], p_now timestamptz)
returns payments.starting[]
language plpgsql
volatile
as $$
declare
  v_ids constant uuid[] := array(
    select core.new_id() from generate_series(1, (select max(s.request_no) from unnest(p_starts) as s)));
begin
  return (
  select coalesce(array_agg(row(
           s.request_no, s.actor_id, s.session_id, s.request_id, s.idempotency_key, s.request_hash, s.order_id, s.provider,
           s.method_token, c.outcome,
           case c.outcome
             when 'FRESH' then v_ids[s.request_no]
             when 'REPLAY' then (c.response ->> 'payment_id')::uuid
           end,
           coalesce(s.problem_code, x.problem[1]), coalesce(s.problem_detail, x.problem[2]),
           coalesce(s.problem_hint, x.problem[3]))::payments.starting order by s.request_no), '{}')
    from unnest(p_starts) as s
    left join core._claim_idempotency_batch(
           'POST /orders/{id}/payment',
           array(select row(f.request_no, f.actor_id, f.idempotency_key, f.request_hash,
                            jsonb_build_object('payment_id', v_ids[f.request_no]))::core.idempotent_request
                   from unnest(p_starts) as f
                  where f.problem_code is null),
           p_now) as c using (request_no)
   cross join lateral (
     select case c.outcome
       when 'REUSED' then array['core.idempotency_key_reused', 'This idempotency key was used for another request.',
                                'Use a new key for a new request, and the same key only to repeat the same request.']
       when 'BUSY' then array['core.idempotency_in_progress', 'A request with this idempotency key is being processed.',
                              'Repeat the request in a second.']
     end as problem) as x);
end
$$;
comment on function payments._claim_starts(payments.starting[], timestamptz) is
  'Claims the idempotency keys of a start_payments batch and gives each request the id of its payment.';
