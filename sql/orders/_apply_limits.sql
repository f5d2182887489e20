-- Takes used-up promotions (no use left in all, for the buyer or by the code, or not enough budget) from one placing, at its turn.
-- A used-up coupon refuses the request, because the buyer asked for it; a used-up automatic promotion is left out and the basket
-- priced again without it.
-- Private; the counters of all promotions that apply are locked (orders._lock_limits).
create or replace function orders._apply_limits(
  p_placing orders.placing, p_baskets pricing.basket[], p_lines pricing.basket_line[],
  p_shipping pricing.basket_shipping[], p_adjustments pricing.adjustment[], p_remaining jsonb, p_now timestamptz
)
returns orders.decision
language plpgsql
volatile
as $$
declare
  v_placing orders.placing := p_placing;
  v_adjustments pricing.adjustment[] := p_adjustments;
  v_used_up pricing.promotion_use[];
  v_coupon_code text;
  v_excluded uuid[] := '{}';
begin
  loop
    v_used_up := array(
      select row(null, u.promotion_id, null, u.coupon_code, u.amount_minor)::pricing.promotion_use
      from (select a.promotion_id, min(a.coupon_code) as coupon_code, sum(a.amount_minor)::bigint as amount_minor
            from unnest(v_adjustments) as a
            where a.basket_no = p_placing.request_no and a.is_limited
            group by a.promotion_id) as u
      where not p_remaining ? u.promotion_id::text  -- in play only since the counters were locked
         or (p_remaining ->> u.promotion_id::text)::bigint < 1
         or (p_remaining ->> concat(u.promotion_id, '/', p_placing.buyer_id))::bigint < 1
         or (p_remaining ->> (u.promotion_id || '#' || u.coupon_code))::bigint < 1
         or (p_remaining ->> (u.promotion_id || '$'))::bigint < u.amount_minor);
    exit when cardinality(v_used_up) = 0;

    select min(u.coupon_code) into v_coupon_code from unnest(v_used_up) as u;
    if v_coupon_code is not null then
      v_placing.problem_status := 409;
      v_placing.problem_code := 'pricing.coupon_exhausted';
      v_placing.problem_detail := format('Coupon %s has no uses left.', v_coupon_code);
      v_placing.problem_hint := 'Place the order without the coupon.';
      v_placing.problem_errors := jsonb_build_array(jsonb_build_object(
        'pointer', '/couponCodes', 'code', v_placing.problem_code, 'detail', v_placing.problem_detail));
      exit;
    end if;
    v_excluded := v_excluded || array(select u.promotion_id from unnest(v_used_up) as u);
    v_adjustments :=
      array(select a from unnest(v_adjustments) as a where a.basket_no <> p_placing.request_no)
      || array(
        select a from pricing._apply_promotions(
          array(select b from unnest(p_baskets) as b where b.basket_no = p_placing.request_no),
          array(select l from unnest(p_lines) as l where l.basket_no = p_placing.request_no),
          array(select s from unnest(p_shipping) as s where s.basket_no = p_placing.request_no),
          v_excluded, p_now) as a);
  end loop;
  return row(array[v_placing], v_adjustments)::orders.decision;
end
$$;
comment on function orders._apply_limits(orders.placing, pricing.basket[], pricing.basket_line[], pricing.basket_shipping[],
                                         pricing.adjustment[], jsonb, timestamptz) is
  'Refuses one placing for a used-up coupon, or prices it again without used-up automatic promotions.';
