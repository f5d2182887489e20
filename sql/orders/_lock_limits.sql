-- Locks the counters of the limited promotions in play, and returns what is left of each as a map:
-- promotion id -> uses left in total, "promotion id/buyer id" -> uses left to that buyer. Null when no placing would use one.
-- In play are all that apply to a basket, not only those that take something off it now: when a used-up promotion is left out,
-- another one that it had covered may show up, and its counter must not be locked later, nor only when a neighbour locked it.
-- Private. Locks: promotion counters.
create or replace function orders._lock_limits(
  p_placings orders.placing[], p_baskets pricing.basket[], p_lines pricing.basket_line[],
  p_adjustments pricing.adjustment[], p_now timestamptz
)
returns jsonb
language plpgsql
volatile
as $$
declare
  v_promotion_ids uuid[];
  v_buyer_ids uuid[];
begin
  if not exists (select from unnest(p_adjustments) as a where a.is_limited) then
    return null;
  end if;
  select array_agg(u.promotion_id), array_agg(u.buyer_id) into v_promotion_ids, v_buyer_ids
  from (select distinct a.promotion_id, p_placings[a.basket_no].buyer_id
        from pricing._basket_promotions(p_baskets, p_lines, '{}', p_now) as a
        where a.is_limited) as u;
  return (
    select coalesce(jsonb_object_agg(concat_ws('/', c.promotion_id, c.buyer_id), c.remaining), '{}')
    from pricing._lock_counters(v_promotion_ids, v_buyer_ids, p_now) as c);
end
$$;
comment on function orders._lock_limits(orders.placing[], pricing.basket[], pricing.basket_line[], pricing.adjustment[], timestamptz) is
  'Locks the counters of limited promotions in play; returns uses left by promotion and by promotion/buyer.';
