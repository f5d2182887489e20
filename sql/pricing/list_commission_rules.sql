-- Commission rules, newest rule first. For ADMIN. Filters: seller, category, product, what it applies to, priority, currency,
-- status (SCHEDULED, IN_FORCE, ENDED) and a moment: then each rule comes in the version that was in force at p_active_at,
-- otherwise in its newest. Locks: none. Events: none.
-- Problems: identity.unauthenticated, identity.role_required, core.cursor_invalid, pricing.filter_invalid.
create or replace function pricing.list_commission_rules(
  p_ctx core.call_context, p_seller_id uuid, p_category_id uuid, p_product_id uuid, p_applies_to text, p_priority integer,
  p_currency text, p_status text, p_active_at timestamptz, p_cursor text, p_limit integer
)
returns setof pricing.view_commission_rule
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before uuid := coalesce((core._decode_cursor(p_cursor, array['uuid']))[1], 'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid;
  v_now constant timestamptz := core.now();
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  perform pricing._check_filter(p_status, array['SCHEDULED', 'IN_FORCE', 'ENDED'], 'status');
  perform pricing._check_filter(p_applies_to, array['LINE', 'SHIPPING'], 'appliesTo');
  return query
  select r.rule_id, r.version, r.name, r.seller_id, r.category_id, r.product_id, r.percent_bp, r.fixed_minor, r.currency::text,
         r.valid_from, r.valid_until, r.created_at, s.status, core._encode_cursor(r.rule_id::text),
         r.applies_to, r.priority, r.band_min_minor, r.band_max_minor, r.base, r.fixed_per, r.min_minor, r.max_minor, r.vat_bp,
         null::jsonb
  from pricing.commission_rules as r
  cross join lateral (
    select case when r.valid_until <= greatest(v_now, r.valid_from) then 'ENDED'
                when r.valid_from > v_now then 'SCHEDULED'
                else 'IN_FORCE' end as status) as s
  where (p_seller_id is null or r.seller_id = p_seller_id)
    and (p_category_id is null or r.category_id = p_category_id)
    and (p_product_id is null or r.product_id = p_product_id)
    and (p_applies_to is null or r.applies_to = p_applies_to)
    and (p_priority is null or r.priority = p_priority)
    and (p_currency is null or r.currency = p_currency)
    and (p_status is null or s.status = p_status)
    and case when p_active_at is null
             then not exists (select from pricing.commission_rules as n where n.rule_id = r.rule_id and n.version > r.version)
             else r.valid_from <= p_active_at and (r.valid_until is null or r.valid_until > p_active_at) end
    and r.rule_id < v_before
  order by r.rule_id desc
  limit core._page_limit(p_limit);
end
$$;
comment on function pricing.list_commission_rules(
  core.call_context, uuid, uuid, uuid, text, integer, text, text, timestamptz, text, integer) is
  'A page of commission rules, newest first, with filters; also as they were at a moment.';
grant execute on function pricing.list_commission_rules(
  core.call_context, uuid, uuid, uuid, text, integer, text, text, timestamptz, text, integer) to tradepost_api;
