-- Counts the use of limited promotions by orders. Arguments are pairwise: order, promotion, buyer; a promotion without limits
-- leaves no trace here, so that nobody queues for it.
-- Private. The caller holds the counters' locks (pricing._lock_counters) and has checked what is left; the table's checks are
-- the second line. Writes redemptions and both counters.
create or replace function pricing._redeem(
  p_order_ids uuid[], p_promotion_ids uuid[], p_buyer_ids uuid[], p_now timestamptz
)
returns void
language plpgsql
volatile
as $$
begin
  with redeemed as (
    insert into pricing.redemptions (order_id, promotion_id, buyer_id, created_at)
    select distinct u.order_id, u.promotion_id, u.buyer_id, p_now
    from unnest(p_order_ids, p_promotion_ids, p_buyer_ids) as u (order_id, promotion_id, buyer_id)
    join pricing.promotions as p on p.promotion_id = u.promotion_id
    where p.usage_limit is not null or p.buyer_limit is not null
    returning promotion_id, buyer_id
  ), counted as (
    update pricing.promotion_counters as c
    set used = c.used + r.uses
    from (select promotion_id, count(*)::integer as uses from redeemed group by promotion_id) as r
    where c.promotion_id = r.promotion_id
  )
  update pricing.promotion_buyer_counters as c
  set used = c.used + r.uses
  from (select promotion_id, buyer_id, count(*)::integer as uses from redeemed group by promotion_id, buyer_id) as r
  where c.promotion_id = r.promotion_id and c.buyer_id = r.buyer_id;
end
$$;
comment on function pricing._redeem(uuid[], uuid[], uuid[], timestamptz) is
  'Records the use of limited promotions by orders and raises their counters.';
