-- Promotions, newest first: all for ADMIN, a seller's own, and for everybody those that apply now without a coupon (use
-- counter, limits, budget and funding of others' promotions stay private). Filters: status, type, seller. Locks: none. Events: none.
-- Problems: identity.unauthenticated (a suspended account), core.cursor_invalid, pricing.filter_invalid.
create or replace function pricing.list_promotions(
  p_ctx core.call_context, p_status text, p_type text, p_seller_id uuid, p_cursor text, p_limit integer
)
returns setof pricing.view_promotion
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._actor_or_anonymous(p_ctx);
  v_now constant timestamptz := core.now();
  v_before uuid := coalesce((core._decode_cursor(p_cursor, array['uuid']))[1], 'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid;
begin
  perform pricing._check_filter(p_status, array['DRAFT', 'SCHEDULED', 'ACTIVE', 'PAUSED', 'ENDED'], 'status');
  perform pricing._check_filter(
    p_type, array['PERCENTAGE', 'FIXED_AMOUNT', 'FIXED_PRICE', 'BUY_X_GET_Y', 'TIERED', 'BUNDLE', 'FREE_SHIPPING', 'GIFT'], 'type');
  return query
  select shown.*
  from pricing.view_promotion as p
  cross join lateral (
    select v_actor.role is not distinct from 'ADMIN' or coalesce(p.seller_id = v_actor.seller_id, false) as is_own
  ) as x
  cross join lateral pricing._show_promotion(p, x.is_own) as shown
  where (x.is_own or pricing._is_public(p, v_now))
    and (p_status is null or p.status = p_status)
    and (p_type is null or p.type = p_type)
    and (p_seller_id is null or p.seller_id = p_seller_id)
    and p.promotion_id < v_before
  order by p.promotion_id desc
  limit core._page_limit(p_limit);
end
$$;
comment on function pricing.list_promotions(core.call_context, text, text, uuid, text, integer) is
  'A page of the promotions that the caller may see, newest first.';
grant execute on function pricing.list_promotions(core.call_context, text, text, uuid, text, integer) to tradepost_api;
