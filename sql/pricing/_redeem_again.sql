-- An order that had expired is sold after all: takes back the uses of limited promotions that it had returned, all or none.
-- False, and nothing taken, when one of them has no use or not enough budget left; true also when there is nothing to take back.
-- Private. The caller holds the locks of the order and of the counters (pricing._lock_redemptions).
create or replace function pricing._redeem_again(p_order_id uuid)
returns boolean
language plpgsql
volatile
as $$
declare
  v_use pricing.redemptions;
  v_counter pricing.promotion_counters;
  v_counted pricing.counted_use[] := '{}';
  v_again pricing.redemptions[] := '{}';
begin
  if exists (
    select from pricing.redemptions as r
    join pricing.promotions as p on p.promotion_id = r.promotion_id
    left join pricing.promotion_buyer_counters as b on b.promotion_id = r.promotion_id and b.buyer_id = r.buyer_id
    left join pricing.coupons as c on c.code = r.coupon_code
    where r.order_id = p_order_id and r.returned_at is not null
      and (b.used >= pricing._buyer_limit(p) or c.used >= c.usage_limit)
  ) then
    return false;
  end if;
  for v_use in
    select r.* from pricing.redemptions as r where r.order_id = p_order_id and r.returned_at is not null order by r.promotion_id
  loop
    v_counter := pricing._lock_counter(v_use.promotion_id, 1, v_use.amount_minor);
    if v_counter.used >= v_counter.usage_limit or v_counter.spent_minor + v_use.amount_minor > v_counter.budget_minor then
      return false;
    end if;
    v_use.slot := v_counter.slot;
    v_again := v_again || v_use;
    v_counted := v_counted
      || row(v_use.promotion_id, v_use.slot, v_use.buyer_id, v_use.coupon_code, v_use.amount_minor)::pricing.counted_use;
  end loop;
  update pricing.redemptions as r
  set returned_at = null, slot = a.slot
  from unnest(v_again) as a
  where r.order_id = a.order_id and r.promotion_id = a.promotion_id;
  perform pricing._count(v_counted, 1);
  return true;
end
$$;
comment on function pricing._redeem_again(uuid) is
  'Counts the returned uses of limited promotions by an order once more, if all of them are still left.';
