-- What is left of each limited promotion after one placing was granted. Private.
create or replace function orders._count_uses(
  p_placing orders.placing, p_adjustments pricing.adjustment[], p_remaining jsonb
)
returns jsonb
language sql
immutable
as $$
  select p_remaining || coalesce(jsonb_object_agg(r.key, r.value::integer - 1), '{}')
  from (select distinct a.promotion_id::text as promotion_id
        from unnest(p_adjustments) as a
        where a.basket_no = p_placing.request_no and a.is_limited) as used
  join jsonb_each_text(p_remaining) as r
    on r.key = used.promotion_id or r.key = used.promotion_id || '/' || p_placing.buyer_id
$$;
comment on function orders._count_uses(orders.placing, pricing.adjustment[], jsonb) is
  'The map of uses left, lowered by the promotions that the granted placing uses.';
