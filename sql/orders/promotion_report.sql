-- What a promotion did: orders that used it and whose uses count (cancelled and expired ones gave theirs back), their buyers, what it
-- took off and who paid that, per currency, and what is left of its limits. Of the orders placed in [p_from, p_until), null = ever;
-- with p_by_day also per day (UTC) of at most 366.
-- Called by: ADMIN, the promotion's seller. Locks: none. Events: none.
-- Problems: identity.*, pricing.promotion_not_found, orders.period_invalid.
create or replace function orders.promotion_report(
  p_ctx core.call_context, p_promotion_id uuid, p_from timestamptz, p_until timestamptz, p_by_day boolean
)
returns setof orders.promotion_report
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_promotion constant pricing.promotions := pricing._require_promotion(p_ctx, p_promotion_id);
  v_remaining constant pricing.remaining_uses := pricing._remaining_uses(v_promotion, null, null);
begin
  perform orders._check_period(p_from, p_until, coalesce(p_by_day, false));
  return query
  with used as materialized (
    select o.order_id, o.buyer_id, o.currency::text as currency, o.status in ('CANCELLED', 'EXPIRED') as is_returned,
           (o.placed_at at time zone 'UTC')::date as day, a.amount_minor, a.seller_minor
    from (select a.order_id, sum(a.amount_minor) as amount_minor, sum(a.seller_minor) as seller_minor
          from orders.adjustments as a where a.promotion_id = p_promotion_id group by a.order_id) as a
    join orders.orders as o on o.order_id = a.order_id
    where (p_from is null or o.placed_at >= p_from) and (p_until is null or o.placed_at < p_until)
  )
  select p_promotion_id,
         (select count(*) filter (where not u.is_returned) from used as u)::integer,
         (select count(*) filter (where u.is_returned) from used as u)::integer,
         (select count(distinct u.buyer_id) filter (where not u.is_returned) from used as u)::integer,
         (select coalesce(jsonb_agg(orders._cost(t.currency, t.uses, t.amount_minor, t.seller_minor) order by t.currency), '[]')
          from (select u.currency, count(*) as uses, sum(u.amount_minor) as amount_minor, sum(u.seller_minor) as seller_minor
                from used as u where not u.is_returned group by u.currency) as t),
         v_remaining.uses, v_remaining.budget_minor, v_promotion.currency::text,
         case when p_by_day then
           (select coalesce(jsonb_agg(jsonb_build_object('day', t.day)
                                      || orders._cost(t.currency, t.uses, t.amount_minor, t.seller_minor) order by t.day, t.currency), '[]')
            from (select u.day, u.currency, count(*) as uses, sum(u.amount_minor) as amount_minor, sum(u.seller_minor) as seller_minor
                  from used as u where not u.is_returned group by u.day, u.currency) as t) end;
end
$$;
comment on function orders.promotion_report(core.call_context, uuid, timestamptz, timestamptz, boolean) is
  'Uses and costs of a promotion, in all and per day, and what is left of its limits.';
grant execute on function orders.promotion_report(core.call_context, uuid, timestamptz, timestamptz, boolean) to tradepost_api;
