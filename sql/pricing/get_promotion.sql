-- One promotion that the caller may see: any for ADMIN, a seller's own, for everybody else one that applies now without a coupon
-- (use counter, limits, budget and funding of others' promotions stay private).
-- Locks: none. Events: none. Problems: identity.unauthenticated (a suspended account), pricing.promotion_not_found.
create or replace function pricing.get_promotion(p_ctx core.call_context, p_promotion_id uuid)
returns setof pricing.view_promotion
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._actor_or_anonymous(p_ctx);
  v_promotion pricing.view_promotion;
begin
  select p.* into v_promotion
  from pricing.view_promotion as p
  where p.promotion_id = p_promotion_id
    and (v_actor.role = 'ADMIN' or (v_actor.role = 'SELLER' and p.seller_id = v_actor.seller_id)
         or pricing._is_public(p, core.now()));
  if not found then
    raise exception 'pricing.promotion_not_found' using
      errcode = 'MK404', detail = 'There is no such promotion, or it is not yours to see.',
      hint = 'List the promotions to find its id.';
  end if;
  return next pricing._show_promotion(
    v_promotion,
    v_actor.role is not distinct from 'ADMIN' or coalesce(v_actor.seller_id = v_promotion.seller_id, false));
end
$$;
comment on function pricing.get_promotion(core.call_context, uuid) is 'One promotion that the caller may see.';
grant execute on function pricing.get_promotion(core.call_context, uuid) to tradepost_api;
