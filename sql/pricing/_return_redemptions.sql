-- Gives back the uses of limited promotions when orders are cancelled or expire; a second call finds nothing to give back.
-- Private. The caller holds the orders' locks. Locks: promotion_counters by promotion_id, then promotion_buyer_counters by
-- (promotion_id, buyer_id).
create or replace function pricing._return_redemptions(p_order_ids uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
as $$
declare
  v_promotion_ids uuid[];
  v_buyer_ids uuid[];
begin
  select array_agg(r.promotion_id), array_agg(r.buyer_id) into v_promotion_ids, v_buyer_ids
  from pricing.redemptions as r
  where r.order_id = any (p_order_ids) and r.returned_at is null;
  if v_promotion_ids is null then
    return;
  end if;

  perform pricing._lock_counters(v_promotion_ids, v_buyer_ids, p_now);
  with returned as (
    update pricing.redemptions as r
    set returned_at = p_now
    where r.order_id = any (p_order_ids) and r.returned_at is null
    returning r.promotion_id, r.buyer_id
  ), counted as (
    update pricing.promotion_counters as c
    set used = c.used - r.uses
    from (select promotion_id, count(*)::integer as uses from returned group by promotion_id) as r
    where c.promotion_id = r.promotion_id
  )
  update pricing.promotion_buyer_counters as c
  set used = c.used - r.uses
  from (select promotion_id, buyer_id, count(*)::integer as uses from returned group by promotion_id, buyer_id) as r
  where c.promotion_id = r.promotion_id and c.buyer_id = r.buyer_id;
end
$$;
comment on function pricing._return_redemptions(uuid[], timestamptz) is
  'Marks the redemptions of orders returned and lowers their counters, at most once.';
