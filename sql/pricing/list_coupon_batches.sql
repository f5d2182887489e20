-- The batches of coupon codes of a promotion, newest first.
-- Called by: ADMIN, the promotion's seller. Locks: none. Events: none.
-- Problems: identity.*, pricing.promotion_not_found, core.cursor_invalid.
create or replace function pricing.list_coupon_batches(
  p_ctx core.call_context, p_promotion_id uuid, p_cursor text, p_limit integer
)
returns setof pricing.view_coupon_batch
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_promotion constant pricing.promotions := pricing._require_promotion(p_ctx, p_promotion_id);
  v_before constant uuid :=
    coalesce((core._decode_cursor(p_cursor, array['uuid']))[1], 'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid;
begin
  return query
  select b.batch_id, b.promotion_id, b.prefix, b.code_count, b.per_code_limit, b.created_at, b.used_codes,
         core._encode_cursor(b.batch_id::text)
  from pricing.view_coupon_batch as b
  where b.promotion_id = v_promotion.promotion_id and b.batch_id < v_before
  order by b.batch_id desc
  limit core._page_limit(p_limit);
end
$$;
comment on function pricing.list_coupon_batches(core.call_context, uuid, text, integer) is
  'A page of the batches of coupon codes of a promotion, newest first.';
grant execute on function pricing.list_coupon_batches(core.call_context, uuid, text, integer) to tradepost_api;
