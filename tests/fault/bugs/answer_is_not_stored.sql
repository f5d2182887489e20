-- The key is not stored in the transaction that does the work: a repetition finds no trace of it and does the work again.
-- scenario: cuts
-- function: core._claim_idempotency_batch
-- replace
           when r.idempotency_key is null or r.request_no = any (v_fresh) then 'FRESH'
-- by
           when r.idempotency_key is null or r.request_no = any (v_fresh) or k.response is not null then 'FRESH'
