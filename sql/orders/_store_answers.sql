-- Stores the refusals of a place_orders batch with their idempotency keys. An order's answer is its id, which the claim has stored:
-- what the answer shows of it is a snapshot. Refusals that a later retry may escape (401, 403) claimed no key to store at.
-- Private.
create or replace function orders._store_answers(p_placings orders.placing[])
returns void
language plpgsql
volatile
as $$
begin
  if not exists (select from unnest(p_placings) as p where p.problem_code is not null) then
    return;
  end if;
  update core.idempotency_keys as k
  set response = jsonb_strip_nulls(jsonb_build_object(
        'status', p.problem_status, 'code', p.problem_code, 'detail', p.problem_detail,
        'hint', p.problem_hint, 'errors', p.problem_errors))
  from unnest(p_placings) as p
  where p.problem_code is not null and p.order_id is not null and not p.is_replayed  -- claimed, then refused
    and k.account_id = p.buyer_id and k.route = 'POST /orders' and k.idempotency_key = p.idempotency_key;
end
$$;
comment on function orders._store_answers(orders.placing[]) is
  'Stores the refusals of a place_orders batch with their idempotency keys.';
