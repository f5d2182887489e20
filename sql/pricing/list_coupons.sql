-- The generated coupon codes of a promotion, or of one of its batches, in the order of the alphabet.
-- Called by: ADMIN, the promotion's seller. Locks: none. Events: none.
-- Problems: identity.*, pricing.promotion_not_found, core.cursor_invalid.
create or replace function pricing.list_coupons(
  p_ctx core.call_context, p_promotion_id uuid, p_batch_id uuid, p_cursor text, p_limit integer
)
returns setof pricing.view_coupon
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_promotion constant pricing.promotions := pricing._require_promotion(p_ctx, p_promotion_id);
  v_after constant text := coalesce((core._decode_cursor(p_cursor, array['text']))[1], '');
begin
  return query
  select c.code, c.promotion_id, c.batch_id, c.usage_limit, c.used, core._encode_cursor(c.code)
  from pricing.view_coupon as c
  where c.promotion_id = v_promotion.promotion_id and c.code > v_after and (p_batch_id is null or c.batch_id = p_batch_id)
  order by c.code
  limit core._page_limit(p_limit);
end
$$;
comment on function pricing.list_coupons(core.call_context, uuid, uuid, text, integer) is
  'A page of the generated coupon codes of a promotion.';
grant execute on function pricing.list_coupons(core.call_context, uuid, uuid, text, integer) to tradepost_api;
