-- One request for reserve_stock as the program sends it; lines come as pairs of variant and quantity of one seller.
create or replace function test.reserving(
  p_account_id uuid, p_key text, p_seller_id uuid, p_lines jsonb, p_ttl_s integer default null
) returns jsonb
language sql
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'actorId', p_account_id, 'requestId', 'test', 'idempotencyKey', p_key, 'ttlSeconds', p_ttl_s,
    'lines', (select jsonb_agg(jsonb_build_object('variantId', l.line -> 0, 'sellerId', p_seller_id, 'quantity', l.line -> 1)
                               order by l.n)
              from jsonb_array_elements(p_lines) with ordinality as l (line, n))))
$$;

-- Reserves at once; the reservation, or an exception that says why not.
create or replace function test.reserve(
  p_account_id uuid, p_seller_id uuid, p_variant_id uuid, p_quantity integer, p_ttl_s integer default 600
) returns uuid
language plpgsql
as $$
declare
  v_answer inventory.reserving_answer;
begin
  select r.* into v_answer
  from inventory.reserve_stock(jsonb_build_array(test.reserving(
         p_account_id, core.new_id()::text, p_seller_id, jsonb_build_array(jsonb_build_array(p_variant_id, p_quantity)), p_ttl_s))) as r;
  if v_answer.problem_code is not null then
    raise exception 'the reservation was refused: %', v_answer.problem_code;
  end if;
  return v_answer.reservation_id;
end
$$;
