-- Refuses a coupon code that another promotion that is not over, or a batch, has. Private; reads only; a unique index is the second line.
-- Problems: MK409 pricing.coupon_taken.
create or replace function pricing._check_coupon_free(p_promotion pricing.promotions)
returns void
language plpgsql
stable
as $$
begin
  if exists (
    select from pricing.promotions as p
    where p.coupon_code = p_promotion.coupon_code and p.status in ('SCHEDULED', 'ACTIVE', 'PAUSED')
      and p.promotion_id <> p_promotion.promotion_id
  ) or exists (select from pricing.coupons as c where c.code = p_promotion.coupon_code) then
    raise exception 'pricing.coupon_taken' using
      errcode = 'MK409', detail = format('Another promotion has the coupon code %s.', p_promotion.coupon_code),
      hint = 'Choose another code, or end the other promotion.', column = 'couponCode';
  end if;
end
$$;
comment on function pricing._check_coupon_free(pricing.promotions) is 'Refuses a coupon code that is in use.';
