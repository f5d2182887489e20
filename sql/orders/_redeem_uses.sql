-- Counts the limited promotions that granted orders use: once per order and promotion, however many sellers and lines share it.
-- Private; the caller holds the counters' locks.
create or replace function orders._redeem_uses(
  p_placings orders.placing[], p_adjustments pricing.adjustment[], p_now timestamptz
)
returns void
language plpgsql
volatile
as $$
begin
  if exists (select from unnest(p_adjustments) as a where a.is_limited) then
    perform pricing._redeem(array(
      select row(o.order_id, a.promotion_id, o.buyer_id, min(a.coupon_code), sum(a.amount_minor))::pricing.promotion_use
      from unnest(p_adjustments) as a
      join unnest(p_placings) as o on o.request_no = a.basket_no
      where a.is_limited
      group by o.order_id, o.buyer_id, a.promotion_id), p_now);
  end if;
end
$$;
comment on function orders._redeem_uses(orders.placing[], pricing.adjustment[], timestamptz) is
  'Counts the limited promotions that granted orders use.';
