-- Gives back the uses of limited promotions when orders are cancelled or expire; a second call finds nothing to give back.
-- Private. The caller holds the orders' locks. Locks: of the uses' slots in promotion_counters by (promotion_id, slot), then
-- promotion_buyer_counters by (promotion_id, buyer_id), then coupons by code.
create or replace function pricing._return_redemptions(p_order_ids uuid[], p_now timestamptz)
returns void
language plpgsql
volatile
as $$
declare
  v_counted pricing.counted_use[];
begin
  select array_agg(row(r.promotion_id, r.slot, r.buyer_id, r.coupon_code, r.amount_minor)::pricing.counted_use)
  into v_counted
  from pricing.redemptions as r
  where r.order_id = any (p_order_ids) and r.returned_at is null;
  if v_counted is null then
    return;
  end if;
  perform from pricing.promotion_counters as c
  join (select distinct u.promotion_id, u.slot from unnest(v_counted) as u) as u on u.promotion_id = c.promotion_id and u.slot = c.slot
  order by c.promotion_id, c.slot
  for no key update of c;
  perform from pricing.promotion_buyer_counters as c
  join (select distinct u.promotion_id, u.buyer_id from unnest(v_counted) as u) as u
    on u.promotion_id = c.promotion_id and u.buyer_id = c.buyer_id
  order by c.promotion_id, c.buyer_id
  for no key update of c;
  perform from pricing.coupons as c
  where c.code = any (array(select u.coupon_code from unnest(v_counted) as u)) and c.usage_limit is not null
  order by c.code
  for no key update;

  update pricing.redemptions as r
  set returned_at = p_now
  where r.order_id = any (p_order_ids) and r.returned_at is null;
  perform pricing._count(v_counted, -1);
end
$$;
comment on function pricing._return_redemptions(uuid[], timestamptz) is
  'Marks the redemptions of orders returned and lowers their counters, at most once.';
