-- The lines of the placings that are not refused so far, with the offers and the prices they get. Private; reads only.
create or replace function orders._resolved_lines(p_placings orders.placing[], p_now timestamptz)
returns pricing.basket_line[]
language plpgsql
stable
as $$
begin
  return array(
    select l from pricing._resolve_lines(array(
      select row(p.request_no, l.n, (l.line ->> 'variantId')::uuid, (l.line ->> 'sellerId')::uuid,
                 (l.line ->> 'quantity')::integer, p.currency, p.buyer_id)::pricing.wanted_line
      from unnest(p_placings) as p, jsonb_array_elements(p.lines) with ordinality as l (line, n)
      where p.problem_code is null and not p.is_replayed), p_now) as l
    order by l.basket_no, l.line_no);
end
$$;
comment on function orders._resolved_lines(orders.placing[], timestamptz) is 'The priced lines of placings.';
