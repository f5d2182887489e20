-- What is left of a promotion for a buyer by a code, read without locks: uses and budget; null = no such limit. Private.
create or replace function pricing._remaining_uses(p_promotion pricing.promotions, p_buyer_id uuid, p_coupon_code text)
returns pricing.remaining_uses
language plpgsql
stable
as $$
declare
  v_remaining pricing.remaining_uses;
  v_buyer_limit constant integer := pricing._buyer_limit(p_promotion);
begin
  if p_promotion.usage_limit is not null or p_promotion.budget_minor is not null then
    select sum(c.usage_limit - c.used), sum(c.budget_minor - c.spent_minor) into v_remaining.uses, v_remaining.budget_minor
    from pricing.promotion_counters as c
    where c.promotion_id = p_promotion.promotion_id;
  end if;
  if v_buyer_limit is not null then
    v_remaining.buyer_uses := v_buyer_limit - coalesce(
      (select c.used from pricing.promotion_buyer_counters as c
       where c.promotion_id = p_promotion.promotion_id and c.buyer_id = p_buyer_id), 0);
  end if;
  if p_coupon_code is not null then
    v_remaining.code_uses := (select c.usage_limit - c.used from pricing.coupons as c where c.code = p_coupon_code);
  end if;
  return v_remaining;
end
$$;
comment on function pricing._remaining_uses(pricing.promotions, uuid, text) is
  'What is left of a promotion for a buyer by a code, read without locks.';
