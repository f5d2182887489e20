-- Locks everything that counts the uses of limited promotions by orders, whether returned since or not: all slots, because a use may
-- be given back to one and taken again from another.
-- Private. Locks: promotion_counters by (promotion_id, slot), then promotion_buyer_counters by (promotion_id, buyer_id), then
-- coupons by code. p_now is the moment of the call it serves; no time is stored.
create or replace function pricing._lock_redemptions(p_order_ids uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
as $$
begin
  if p_now is null then
    return;
  end if;
  perform from pricing.promotion_counters as c
  where c.promotion_id = any (array(select r.promotion_id from pricing.redemptions as r where r.order_id = any (p_order_ids)))
  order by c.promotion_id, c.slot
  for no key update;
  perform from pricing.promotion_buyer_counters as c
  join (select distinct r.promotion_id, r.buyer_id from pricing.redemptions as r where r.order_id = any (p_order_ids)) as r
    on r.promotion_id = c.promotion_id and r.buyer_id = c.buyer_id
  order by c.promotion_id, c.buyer_id
  for no key update of c;
  perform from pricing.coupons as c
  where c.code = any (array(select r.coupon_code from pricing.redemptions as r where r.order_id = any (p_order_ids)))
    and c.usage_limit is not null
  order by c.code
  for no key update;
end
$$;
comment on function pricing._lock_redemptions(uuid[], timestamptz) is
  'Locks what counts the uses of limited promotions by these orders.';
