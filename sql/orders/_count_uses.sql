-- What is left of each limited promotion after one placing was granted. Private.
create or replace function orders._count_uses(
  p_placing orders.placing, p_adjustments pricing.adjustment[], p_remaining jsonb
)
returns jsonb
language sql
immutable
as $$
  select p_remaining || coalesce(jsonb_object_agg(
           r.key, r.value::bigint - case when right(r.key, 1) = '$' then used.amount_minor else 1 end), '{}')
  from (select a.promotion_id::text as promotion_id, min(a.coupon_code) as coupon_code, sum(a.amount_minor) as amount_minor
        from unnest(p_adjustments) as a
        where a.basket_no = p_placing.request_no and a.is_limited
        group by a.promotion_id) as used
  join jsonb_each_text(p_remaining) as r
    on r.key in (used.promotion_id, used.promotion_id || '/' || p_placing.buyer_id,
                 used.promotion_id || '#' || used.coupon_code, used.promotion_id || '$')
$$;
comment on function orders._count_uses(orders.placing, pricing.adjustment[], jsonb) is
  'The map of what is left, lowered by the promotions that the granted placing uses.';
