-- Locks the counters of the limited promotions that orders have used, whether returned since or not.
-- Private. Locks: promotion_counters by promotion_id, then promotion_buyer_counters by (promotion_id, buyer_id).
create or replace function pricing._lock_redemptions(p_order_ids uuid[], p_now timestamptz)
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
  where r.order_id = any (p_order_ids);
  if v_promotion_ids is not null then
    perform pricing._lock_counters(v_promotion_ids, v_buyer_ids, p_now);
  end if;
end
$$;
comment on function pricing._lock_redemptions(uuid[], timestamptz) is
  'Locks the counters of the limited promotions that these orders have used.';
