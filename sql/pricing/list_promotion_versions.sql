-- The versions under which a promotion acted or acts, newest first. Orders name the version that they were priced by.
-- Called by: ADMIN, the promotion's seller. Locks: none. Events: none.
-- Problems: identity.*, pricing.promotion_not_found, core.cursor_invalid.
create or replace function pricing.list_promotion_versions(
  p_ctx core.call_context, p_promotion_id uuid, p_cursor text, p_limit integer
)
returns setof pricing.view_promotion_version
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_promotion constant pricing.promotions := pricing._require_promotion(p_ctx, p_promotion_id);
  v_before constant integer := (core._decode_cursor(p_cursor, array['integer']))[1];
begin
  return query
  select v.promotion_id, v.version, v.opened_at, v.closed_at, v.rules, core._encode_cursor(v.version::text)
  from pricing.view_promotion_version as v
  where v.promotion_id = v_promotion.promotion_id and (v_before is null or v.version < v_before)
  order by v.version desc
  limit core._page_limit(p_limit);
end
$$;
comment on function pricing.list_promotion_versions(core.call_context, uuid, text, integer) is
  'A page of the versions under which a promotion acted, newest first.';
grant execute on function pricing.list_promotion_versions(core.call_context, uuid, text, integer) to tradepost_api;
