-- Claims the idempotency keys of a whole batch at once, in key order. See core._claim_idempotency for the single form.
-- Private. Locks: idempotency keys by (account_id, key); a key claimed by a running transaction is waited for.
-- Requests without a key are FRESH and leave no row.
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
begin
  with first as (
    select distinct on (r.account_id, r.idempotency_key) r.*
    from unnest(p_requests) as r
    where r.idempotency_key is not null
    order by r.account_id, r.idempotency_key, r.request_no
  ), claimed as (
    insert into core.idempotency_keys as k (account_id, route, idempotency_key, request_hash, created_at)
    select f.account_id, p_route, f.idempotency_key, f.request_hash, p_now
    from first as f
    order by f.account_id, f.idempotency_key
    on conflict (account_id, route, idempotency_key) do update
      set request_hash = excluded.request_hash, response = null, created_at = excluded.created_at
      where k.created_at <= p_now - v_ttl
    returning k.account_id, k.idempotency_key
  )
  select coalesce(array_agg(f.request_no), '{}') into v_fresh
  from claimed as c
  join first as f using (account_id, idempotency_key);

  -- A new statement: its snapshot sees the rows that the insert had to wait for.
  return query
  select r.request_no,
         case
           when r.idempotency_key is null or r.request_no = any (v_fresh) then 'FRESH'
           when k.request_hash <> r.request_hash then 'REUSED'
           when winner.request_no is not null then 'DUPLICATE'
           else 'REPLAY'
         end,
         case when k.request_hash = r.request_hash then winner.request_no end, k.response
  from unnest(p_requests) as r
  left join lateral (
    select k.request_hash, k.response
    from core.idempotency_keys as k
    where k.account_id = r.account_id and k.route = p_route and k.idempotency_key = r.idempotency_key
    offset 0
  ) as k on true
  left join unnest(p_requests) as winner
    on winner.account_id = r.account_id and winner.idempotency_key = r.idempotency_key
   and winner.request_no = any (v_fresh) and winner.request_no <> r.request_no
  order by r.request_no;
end
$$;
comment on function core._claim_idempotency_batch(text, core.idempotent_request[], timestamptz) is
  'Claims the keys of a batch and says for each request: FRESH, REPLAY with the stored response, DUPLICATE of another request of the batch, or REUSED for another payload.';
