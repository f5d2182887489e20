-- Stores the answers of fresh placings beside their idempotency keys. An order's answer is its id, because what the answer
-- shows of it is a snapshot; a refusal is stored whole. Refusals that a later retry may escape (401, 403) have no key to store at.
-- Private.
create or replace function orders._store_answers(p_placings orders.placing[])
returns void
language plpgsql
volatile
as $$
begin
  update core.idempotency_keys as k
  set response = case
    when p.problem_code is null then jsonb_build_object('orderId', p.order_id)
    else jsonb_strip_nulls(jsonb_build_object(
      'status', p.problem_status, 'code', p.problem_code, 'detail', p.problem_detail,
      'hint', p.problem_hint, 'errors', p.problem_errors)) end
  from unnest(p_placings) as p
  where k.account_id = p.buyer_id and k.route = 'POST /orders' and k.idempotency_key = p.idempotency_key
    and k.response is null and not p.is_replayed and k.request_hash = p.request_hash;
end
$$;
comment on function orders._store_answers(orders.placing[]) is 'Stores the answers of a place_orders batch with their idempotency keys.';
