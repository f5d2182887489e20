-- Commission rules in their newest version, newest rule first. For ADMIN. Filters: seller, category, product, and status
-- (SCHEDULED, IN_FORCE, ENDED). Locks: none. Events: none.
-- Problems: identity.unauthenticated, identity.role_required, core.cursor_invalid, pricing.filter_invalid.
create or replace function pricing.list_commission_rules(
  p_ctx core.call_context, p_seller_id uuid, p_category_id uuid, p_product_id uuid, p_status text,
  p_cursor text, p_limit integer
)
returns setof pricing.view_commission_rule
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before uuid := coalesce((core._decode_cursor(p_cursor, array['uuid']))[1], 'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid;
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  perform pricing._check_filter(p_status, array['SCHEDULED', 'IN_FORCE', 'ENDED'], 'status');
  return query
  select r.rule_id, r.version, r.name, r.seller_id, r.category_id, r.product_id, r.percent_bp, r.fixed_minor, r.currency,
         r.valid_from, r.valid_until, r.created_at, r.status, core._encode_cursor(r.rule_id::text)
  from pricing.view_commission_rule as r
  where (p_seller_id is null or r.seller_id = p_seller_id)
    and (p_category_id is null or r.category_id = p_category_id)
    and (p_product_id is null or r.product_id = p_product_id)
    and (p_status is null or r.status = p_status)
    and r.rule_id < v_before
  order by r.rule_id desc
  limit core._page_limit(p_limit);
end
$$;
comment on function pricing.list_commission_rules(core.call_context, uuid, uuid, uuid, text, text, integer) is
  'A page of commission rules, newest first, with filters.';
grant execute on function pricing.list_commission_rules(core.call_context, uuid, uuid, uuid, text, text, integer)
  to tradepost_api;
