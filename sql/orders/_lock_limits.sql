-- Locks the counters of the limited promotions in play, and returns what is left of each as a map: "promotion" -> uses left in all,
-- "promotion/buyer" -> to that buyer, "promotion#code" -> by that code, "promotion$" -> budget; null = no such limit. Null when no
-- placing would use one.
-- In play are all that apply to a basket, not only those that take something off it now: when a used-up promotion is left out,
-- another one that it had covered may show up, and its counter must not be locked later, nor only when a neighbour locked it. So it
-- is when a gift turns out short. A basket that may get several numbers (orders._lock_ahead) stands there with each of them.
-- What one can take off a basket is bounded by what the basket costs with its gifts, which are among p_lines.
-- Private. Locks: promotion counters.
create or replace function orders._lock_limits(
  p_placings orders.placing[], p_baskets pricing.basket[], p_lines pricing.basket_line[],
  p_shipping pricing.basket_shipping[], p_adjustments pricing.adjustment[], p_now timestamptz
)
returns jsonb
language plpgsql
volatile
as $$
declare
  v_uses pricing.promotion_use[];
begin
  if not orders._has_limits(p_baskets, p_lines, p_adjustments) then
    return null;
  end if;
  v_uses := array(
    select row(null, p.promotion_id, p_placings[p.basket_no].buyer_id, p.coupon_code,
               c.minor)::pricing.promotion_use
    from pricing._basket_promotions(p_baskets, p_lines, '{}', p_now) as p
    join (select c.basket_no, sum(c.minor)::bigint as minor
          from (select l.basket_no, l.quantity * l.unit_price_minor from unnest(p_lines) as l
                union all
                select s.basket_no, s.fee_minor from unnest(p_shipping) as s) as c (basket_no, minor)
          group by c.basket_no) as c on c.basket_no = p.basket_no
    where p.is_limited);
  return (
    select coalesce(jsonb_object_agg(
             c.promotion_id || coalesce('/' || c.buyer_id, '#' || c.coupon_code, case when c.is_budget then '$' else '' end),
             c.remaining), '{}')
    from pricing._lock_counters(v_uses, p_now) as c);
end
$$;
comment on function orders._lock_limits(orders.placing[], pricing.basket[], pricing.basket_line[], pricing.basket_shipping[],
                                        pricing.adjustment[], timestamptz) is
  'Locks the counters of limited promotions in play; returns what is left by promotion, buyer, code and budget.';
