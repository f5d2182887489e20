-- An order that had expired is sold after all: takes back the uses of limited promotions that it had returned, all or none.
-- False, and nothing taken, when one of them has no use left; true also when there is nothing to take back.
-- Private. The caller holds the locks of the order and of the counters (pricing._lock_redemptions).
create or replace function pricing._redeem_again(p_order_id uuid)
returns boolean
language plpgsql
volatile
as $$
begin
  if exists (
    select from pricing.redemptions as r
    join pricing.promotions as p on p.promotion_id = r.promotion_id
    left join pricing.promotion_counters as c on c.promotion_id = r.promotion_id
    left join pricing.promotion_buyer_counters as b on b.promotion_id = r.promotion_id and b.buyer_id = r.buyer_id
    where r.order_id = p_order_id and r.returned_at is not null
      and (c.used >= c.usage_limit or b.used >= p.buyer_limit)
  ) then
    return false;
  end if;

  with redeemed as (
    update pricing.redemptions as r
    set returned_at = null
    where r.order_id = p_order_id and r.returned_at is not null
    returning r.promotion_id, r.buyer_id
  ), counted as (
    update pricing.promotion_counters as c
    set used = c.used + 1
    from redeemed as r
    where c.promotion_id = r.promotion_id
  )
  update pricing.promotion_buyer_counters as c
  set used = c.used + 1
  from redeemed as r
  where c.promotion_id = r.promotion_id and c.buyer_id = r.buyer_id;
  return true;
end
$$;
comment on function pricing._redeem_again(uuid) is
  'Counts the returned uses of limited promotions by an order once more, if all of them are still left.';
