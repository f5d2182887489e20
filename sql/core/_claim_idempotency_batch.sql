-- Claims the idempotency keys of a whole batch at once, in key order. See core._claim_idempotency for the single form.
-- Private. Locks: idempotency keys (advisory, never waited for), their rows by (account_id, key).
-- A key whose holder is at work in another transaction is BUSY: one request is turned away, its neighbours go on.
-- Requests without a key are FRESH and leave no row. A request that knows its answer beforehand (the id of what it will make) brings
-- it along: then the key is written once, and only a refusal changes it.
-- OFFSET 0: a lookup by key for each request, also in a plan made when the table was empty; a join would read all of it by now.
create or replace function core._claim_idempotency_batch(
  p_route text, p_requests core.idempotent_request[], p_now timestamptz
)
returns setof core.idempotency_claim
language plpgsql
volatile
as $$
declare
  v_ttl constant interval := make_interval(secs => core._setting_int('core.idempotency_ttl_s'));
  v_fresh integer[];
  v_busy integer[];
begin
  with first as materialized (
    select distinct on (r.account_id, r.idempotency_key) r.*
    from unnest(p_requests) as r
    where r.idempotency_key is not null
    order by r.account_id, r.idempotency_key, r.request_no
  ), tried as materialized (
    select f.*, pg_try_advisory_xact_lock(core._idempotency_lock(f.account_id, p_route, f.idempotency_key)) as is_ours
    from first as f
  ), claimed as (
    insert into core.idempotency_keys as k (account_id, route, idempotency_key, request_hash, response, created_at)
    select t.account_id, p_route, t.idempotency_key, t.request_hash, t.response, p_now
    from tried as t
    where t.is_ours
    order by t.account_id, t.idempotency_key
    on conflict (account_id, route, idempotency_key) do update
      set request_hash = excluded.request_hash, response = excluded.response, created_at = excluded.created_at
      where k.created_at <= p_now - v_ttl
    returning k.account_id, k.idempotency_key
  )
  select coalesce(array_agg(t.request_no) filter (where c.account_id is not null), '{}'),
         coalesce(array_agg(t.request_no) filter (where not t.is_ours), '{}')
  into v_fresh, v_busy
  from tried as t
  left join claimed as c using (account_id, idempotency_key);

  if cardinality(v_fresh) = cardinality(p_requests) then  -- nearly always
    return query
    select r.request_no, 'FRESH', null::integer, r.response, p_now from unnest(p_requests) as r order by r.request_no;
    return;
  end if;

  -- A new statement: its snapshot sees the rows that others committed in between.
  return query
  select r.request_no,
         case
           when r.idempotency_key is null or r.request_no = any (v_fresh) then 'FRESH'
           when busy.request_no is not null then 'BUSY'
           when k.request_hash <> r.request_hash then 'REUSED'
           when winner.request_no is not null then 'DUPLICATE'
           when k.response is null then 'BUSY'  -- purged this moment
           else 'REPLAY'
         end,
         case when k.request_hash = r.request_hash then winner.request_no end, k.response, k.created_at
  from unnest(p_requests) as r
  left join lateral (
    select k.request_hash, k.response, k.created_at
    from core.idempotency_keys as k
    where k.account_id = r.account_id and k.route = p_route and k.idempotency_key = r.idempotency_key
    offset 0
  ) as k on true
  left join unnest(p_requests) as winner
    on winner.account_id = r.account_id and winner.idempotency_key = r.idempotency_key
   and winner.request_no = any (v_fresh) and winner.request_no <> r.request_no
  left join unnest(p_requests) as busy
    on busy.account_id = r.account_id and busy.idempotency_key = r.idempotency_key and busy.request_no = any (v_busy)
  order by r.request_no;
end
$$;
comment on function core._claim_idempotency_batch(text, core.idempotent_request[], timestamptz) is
  'Claims the keys of a batch and says for each request: FRESH, REPLAY with the stored response, DUPLICATE of another request of the batch, REUSED for another payload, or BUSY while another transaction works on it.';
