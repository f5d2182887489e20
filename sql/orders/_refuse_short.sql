-- Refuses a placing for lack of stock and lists every short line with what is left of it. Private.
create or replace function orders._refuse_short(
  p_placing orders.placing, p_lines pricing.basket_line[], p_keys inventory.stock_key[], p_available integer[]
)
returns orders.placing
language plpgsql
immutable
as $$
declare
  v_placing orders.placing := p_placing;
begin
  with demand as (
    select l.line_no, l.variant_id, l.seller_id,
           sum(l.quantity) over (partition by l.seller_id, l.variant_id) as quantity,
           p_available[k.n] as available
    from unnest(p_lines) as l
    join unnest(p_keys) with ordinality as k (seller_id, variant_id, n)
      on k.seller_id = l.seller_id and k.variant_id = l.variant_id
    where l.basket_no = p_placing.request_no and l.gift_of is null
  )
  select jsonb_agg(jsonb_build_object(
           'pointer', format('/lines/%s/quantity', d.line_no - 1),
           'code', 'inventory.insufficient_stock',
           'detail', format('Variant %s has %s left, %s requested.', d.variant_id, greatest(d.available, 0), d.quantity),
           'available', greatest(d.available, 0)) order by d.line_no)
  into v_placing.problem_errors
  from demand as d
  where d.available < d.quantity;

  v_placing.problem_status := 409;
  v_placing.problem_code := 'inventory.insufficient_stock';
  v_placing.problem_detail := v_placing.problem_errors -> 0 ->> 'detail';
  v_placing.problem_hint := 'Lower the quantity, or choose another seller.';
  return v_placing;
end
$$;
comment on function orders._refuse_short(orders.placing, pricing.basket_line[], inventory.stock_key[], integer[]) is
  'The placing refused with inventory.insufficient_stock, every short line listed.';
