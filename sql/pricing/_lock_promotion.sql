-- Locks a promotion that the caller may change: any for ADMIN, a seller's own. Private. Locks: the promotion.
-- Problems: MK404 pricing.promotion_not_found.
create or replace function pricing._lock_promotion(p_actor identity.actor, p_promotion_id uuid)
returns pricing.promotions
language plpgsql
volatile
as $$
declare
  v_promotion pricing.promotions;
begin
  select p.* into v_promotion
  from pricing.promotions as p
  where p.promotion_id = p_promotion_id and (p_actor.role = 'ADMIN' or p.seller_id = p_actor.seller_id)
  for no key update;
  if not found then
    raise exception 'pricing.promotion_not_found' using
      errcode = 'MK404', detail = 'There is no such promotion, or it is not yours to see.',
      hint = 'List the promotions to find its id.';
  end if;
  return v_promotion;
end
$$;
comment on function pricing._lock_promotion(identity.actor, uuid) is 'Locks a promotion that the caller may change.';
