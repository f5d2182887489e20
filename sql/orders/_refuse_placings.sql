-- Marks the placings whose lines cannot be bought or whose coupons cannot be used, naming each culprit.
-- Private; reads only.
create or replace function orders._refuse_placings(
  p_placings orders.placing[], p_lines pricing.basket_line[], p_coupons pricing.coupon_refusal[]
)
returns orders.placing[]
language plpgsql
stable
as $$
begin
  return (
  with problems as (
    select l.basket_no, 1 as rank, l.line_no as n, l.problem_code, l.problem_detail,
           format('/lines/%s/variantId', l.line_no - 1) as pointer
    from unnest(p_lines) as l
    where l.problem_code is not null
    union all
    select c.basket_no, 2, c.ordinality, c.problem_code, c.problem_detail, '/couponCodes'
    from unnest(p_coupons) with ordinality as c
  ), refusals as (
    select p.basket_no,
           (array_agg(p.problem_code order by p.rank, p.n))[1] as problem_code,
           (array_agg(p.problem_detail order by p.rank, p.n))[1] as problem_detail,
           jsonb_agg(jsonb_build_object('pointer', p.pointer, 'code', p.problem_code, 'detail', p.problem_detail)
                     order by p.rank, p.n) as problem_errors
    from problems as p
    group by p.basket_no
  )
  select array_agg(row(
    p.request_no, p.buyer_id, p.session_id, p.request_id, p.idempotency_key, p.request_hash,
    p.currency, p.coupon_codes, p.shipping_address, p.lines, p.order_id, p.same_as, p.is_replayed,
    coalesce(p.problem_status, case when r.basket_no is not null then 422 end),
    coalesce(p.problem_code, r.problem_code), coalesce(p.problem_detail, r.problem_detail),
    coalesce(p.problem_hint, case
      when r.problem_code = 'pricing.currency_mismatch' then 'Order in the currency of the offer, one order for each currency.'
      when r.problem_code = 'pricing.variant_unavailable' then 'Take the line out, or choose another offer of GET /products/{productId}.'
      when r.problem_code = 'pricing.coupon_minimum_not_met' then 'Add goods, or place the order without the coupon.'
      when r.basket_no is not null then 'Place the order without the coupon.' end),
    coalesce(p.problem_errors, r.problem_errors))::orders.placing order by p.request_no)
  from unnest(p_placings) as p
  left join refusals as r on r.basket_no = p.request_no);
end
$$;
comment on function orders._refuse_placings(orders.placing[], pricing.basket_line[], pricing.coupon_refusal[]) is
  'Turns unresolved lines and unusable coupons into refusals of their requests, one error entry each.';
