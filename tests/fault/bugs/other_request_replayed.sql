-- A key is not bound to its request: another request under it is answered with the first one's answer.
-- scenario: same_key
-- function: core._claim_idempotency_batch
-- replace
           when k.request_hash <> r.request_hash then 'REUSED'
-- by
-- replace
         case when k.request_hash = r.request_hash then winner.request_no end, k.response
-- by
         winner.request_no, k.response
