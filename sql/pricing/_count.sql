-- Raises (p_sign 1) or lowers (-1) the counters of uses: the slot's, the buyer's, the coupon code's. Private; they are locked.
create or replace function pricing._count(p_uses pricing.counted_use[], p_sign integer)
returns void
language plpgsql
volatile
as $$
begin
  update pricing.promotion_counters as c
  set used = c.used + p_sign * u.uses, spent_minor = c.spent_minor + p_sign * u.minor
  from (select u.promotion_id, u.slot, count(*)::integer as uses, sum(u.amount_minor)::bigint as minor
        from unnest(p_uses) as u group by u.promotion_id, u.slot) as u
  where c.promotion_id = u.promotion_id and c.slot = u.slot;

  update pricing.promotion_buyer_counters as c
  set used = c.used + p_sign * u.uses
  from (select u.promotion_id, u.buyer_id, count(*)::integer as uses
        from unnest(p_uses) as u group by u.promotion_id, u.buyer_id) as u
  where c.promotion_id = u.promotion_id and c.buyer_id = u.buyer_id;

  update pricing.coupons as c
  set used = c.used + p_sign * u.uses
  from (select u.coupon_code, count(*)::integer as uses
        from unnest(p_uses) as u where u.coupon_code is not null group by u.coupon_code) as u
  where c.code = u.coupon_code and c.usage_limit is not null;
end
$$;
comment on function pricing._count(pricing.counted_use[], integer) is 'Raises or lowers the counters of uses.';
