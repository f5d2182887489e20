-- A key is looked up without its account: somebody else's answer is replayed.
-- scenario: same_key
-- function: core._claim_idempotency_batch
-- replace
    where k.account_id = r.account_id and k.route = p_route and k.idempotency_key = r.idempotency_key
    offset 0
-- by
    where k.route = p_route and k.idempotency_key = r.idempotency_key
    order by k.response is null
    limit 1
-- replace
           when r.idempotency_key is null or r.request_no = any (v_fresh) then 'FRESH'
-- by
           when r.idempotency_key is null or r.request_no = any (v_fresh) and k.response is null then 'FRESH'
-- replace
           when k.request_hash <> r.request_hash then 'REUSED'
-- by
