-- Whether everybody may see a promotion: it applies now and by itself. Coupons are known only to those who have them. Private.
create or replace function pricing._is_public(p_promotion pricing.view_promotion, p_now timestamptz)
returns boolean
language sql
immutable
as $$
  select p_promotion.status in ('ACTIVE', 'SCHEDULED') and p_promotion.coupon_code is null and not p_promotion.requires_coupon
     and p_promotion.starts_at <= p_now and (p_promotion.ends_at is null or p_promotion.ends_at > p_now)
$$;
comment on function pricing._is_public(pricing.view_promotion, timestamptz) is 'Whether a promotion is automatic and applies now.';
