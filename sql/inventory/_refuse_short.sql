-- Refuses a request for lack of stock and lists every short line with what is left of it. Private.
create or replace function inventory._refuse_short(
  p_reserving inventory.reserving, p_keys inventory.stock_key[], p_available integer[]
)
returns inventory.reserving
language plpgsql
immutable
as $$
declare
  v_reserving inventory.reserving := p_reserving;
begin
  with demand as (
    select l.n, k.variant_id, p_available[k.n] as available,
           sum((l.line ->> 'quantity')::bigint) over (partition by k.n) as quantity
    from jsonb_array_elements(p_reserving.lines) with ordinality as l (line, n)
    join unnest(p_keys) with ordinality as k (seller_id, variant_id, n)
      on k.seller_id = (l.line ->> 'sellerId')::uuid and k.variant_id = (l.line ->> 'variantId')::uuid
  )
  select jsonb_agg(jsonb_build_object(
           'pointer', format('/lines/%s', d.n - 1),
           'code', 'inventory.insufficient_stock',
           'detail', format('Variant %s has %s left, %s requested.', d.variant_id, d.available, d.quantity),
           'available', d.available) order by d.n)
  into v_reserving.problem_errors
  from demand as d
  where d.available < d.quantity;

  v_reserving.problem_status := 409;
  v_reserving.problem_code := 'inventory.insufficient_stock';
  v_reserving.problem_detail := v_reserving.problem_errors -> 0 ->> 'detail';
  v_reserving.problem_hint := 'Lower the quantity, or choose another seller.';
  return v_reserving;
end
$$;
comment on function inventory._refuse_short(inventory.reserving, inventory.stock_key[], integer[]) is
  'The request refused with inventory.insufficient_stock, every short line listed.';
