-- The promotion of a path, for those who may write it: any for ADMIN, a seller's own. Private; reads only.
-- Problems: identity.*, MK404 pricing.promotion_not_found.
create or replace function pricing._require_promotion(p_ctx core.call_context, p_promotion_id uuid)
returns pricing.promotions
language plpgsql
stable
as $$
declare
  v_actor constant identity.actor := pricing._require_promotion_author(p_ctx);
  v_promotion pricing.promotions;
begin
  select p.* into v_promotion
  from pricing.promotions as p
  where p.promotion_id = p_promotion_id and (v_actor.role = 'ADMIN' or p.seller_id = v_actor.seller_id);
  if not found then
    raise exception 'pricing.promotion_not_found' using
      errcode = 'MK404', detail = 'There is no such promotion, or it is not yours to see.',
      hint = 'List the promotions to find its id.';
  end if;
  return v_promotion;
end
$$;
comment on function pricing._require_promotion(core.call_context, uuid) is 'A promotion that the caller may write.';
