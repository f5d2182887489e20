-- Two requests of one batch with the same key both do the work.
-- scenario: same_key
-- function: core._claim_idempotency_batch
-- replace
           when winner.request_no is not null then 'DUPLICATE'
-- by
           when winner.request_no is not null then 'FRESH'
-- replace
         case when k.request_hash = r.request_hash then winner.request_no end, k.response
-- by
         null::integer, k.response
