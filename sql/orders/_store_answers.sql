-- Stores the answers of fresh placings beside their idempotency keys. An order's answer is its id, because what the answer
-- shows of it is a snapshot; a refusal is stored whole. Refusals that a later retry may escape (401, 403) have no key to store at.
-- Private. One statement each: a lookup by key, whereas the plan of a join made when the table was empty reads all of it by now.
create or replace function orders._store_answers(p_placings orders.placing[])
returns void
language plpgsql
volatile
as $$
declare
  v_placing orders.placing;
begin
  foreach v_placing in array coalesce(p_placings, '{}') loop
    continue when v_placing.is_replayed or v_placing.idempotency_key is null;
    update core.idempotency_keys as k
    set response = case
      when v_placing.problem_code is null then jsonb_build_object('orderId', v_placing.order_id)
      else jsonb_strip_nulls(jsonb_build_object(
        'status', v_placing.problem_status, 'code', v_placing.problem_code, 'detail', v_placing.problem_detail,
        'hint', v_placing.problem_hint, 'errors', v_placing.problem_errors)) end
    where k.account_id = v_placing.buyer_id and k.route = 'POST /orders' and k.idempotency_key = v_placing.idempotency_key
      and k.response is null and k.request_hash = v_placing.request_hash;
  end loop;
end
$$;
comment on function orders._store_answers(orders.placing[]) is 'Stores the answers of a place_orders batch with their idempotency keys.';
