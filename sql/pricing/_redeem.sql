-- Counts uses of limited promotions by orders: one element per order and promotion, amount_minor is what it took off. A promotion
-- without limits leaves no trace here, so that nobody queues for it.
-- Private. The caller holds the counters' locks (pricing._lock_counters) and has checked what is left; the tables' checks are
-- the second line. Writes redemptions and the counters.
create or replace function pricing._redeem(p_uses pricing.promotion_use[], p_now timestamptz)
returns void
language plpgsql
volatile
as $$
declare
  v_uses constant pricing.promotion_use[] := array(
    select u
    from unnest(p_uses) as u
    join pricing.promotions as p on p.promotion_id = u.promotion_id
    left join pricing.coupons as c on c.code = u.coupon_code and c.usage_limit is not null
    where pricing._is_limited(p) or c.code is not null);
  v_promotion_ids uuid[] := '{}';
  v_slots smallint[] := '{}';
  v_need record;
begin
  for v_need in
    select u.promotion_id, count(*) as uses, sum(u.amount_minor) as minor
    from unnest(v_uses) as u group by u.promotion_id order by u.promotion_id
  loop
    v_promotion_ids := v_promotion_ids || v_need.promotion_id;
    v_slots := v_slots || (pricing._lock_counter(v_need.promotion_id, v_need.uses, v_need.minor)).slot;
  end loop;

  insert into pricing.redemptions (order_id, promotion_id, buyer_id, coupon_code, slot, amount_minor, created_at)
  select u.order_id, u.promotion_id, u.buyer_id, u.coupon_code, s.slot, u.amount_minor, p_now
  from unnest(v_uses) as u
  join unnest(v_promotion_ids, v_slots) as s (promotion_id, slot) on s.promotion_id = u.promotion_id;
  perform pricing._count(
    array(select row(u.promotion_id, s.slot, u.buyer_id, u.coupon_code, u.amount_minor)::pricing.counted_use
          from unnest(v_uses) as u
          join unnest(v_promotion_ids, v_slots) as s (promotion_id, slot) on s.promotion_id = u.promotion_id), 1);
end
$$;
comment on function pricing._redeem(pricing.promotion_use[], timestamptz) is
  'Records the use of limited promotions by orders and raises their counters.';
