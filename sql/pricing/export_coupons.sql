-- All codes of a batch at once, for an export: at most as many as a batch has.
-- Called by: ADMIN, the promotion's seller. Locks: none. Events: none.
-- Problems: identity.*, pricing.promotion_not_found, pricing.batch_not_found.
create or replace function pricing.export_coupons(p_ctx core.call_context, p_promotion_id uuid, p_batch_id uuid)
returns setof pricing.view_coupon
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_promotion constant pricing.promotions := pricing._require_promotion(p_ctx, p_promotion_id);
begin
  return query
  select c.* from pricing.view_coupon as c
  where c.promotion_id = v_promotion.promotion_id and c.batch_id = p_batch_id
  order by c.code;
  if not found then
    raise exception 'pricing.batch_not_found' using
      errcode = 'MK404', detail = 'The promotion has no such batch of codes.', hint = 'List its batches to find the id.';
  end if;
end
$$;
comment on function pricing.export_coupons(core.call_context, uuid, uuid) is 'All codes of a batch.';
grant execute on function pricing.export_coupons(core.call_context, uuid, uuid) to tradepost_api;
