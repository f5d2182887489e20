-- Promotions, newest first: all for ADMIN, a seller's own, and for everybody else those that apply now without a coupon (their use
-- counters stay private). Filters: status, type, seller. Locks: none. Events: none.
-- Problems: identity.unauthenticated (a suspended account), core.cursor_invalid, pricing.filter_invalid.
create or replace function pricing.list_promotions(
  p_ctx core.call_context, p_status text, p_type text, p_seller_id uuid, p_cursor text, p_limit integer
)
returns table (
  promotion_id uuid, seller_id uuid, name text, description text, type text, target text, percent_bp integer,
  amount_minor bigint, currency text, category_ids uuid[], product_ids uuid[], seller_ids uuid[], min_subtotal_minor bigint,
  coupon_code text, starts_at timestamptz, ends_at timestamptz, usage_limit integer, buyer_limit integer, priority integer,
  status text, version integer, created_at timestamptz, updated_at timestamptz, used integer, page_cursor text
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  with actor as materialized (
    select a.*,
           pricing._check_filter(p_status, array['DRAFT', 'ACTIVE', 'PAUSED', 'ENDED'], 'status')
           and pricing._check_filter(p_type, array['PERCENTAGE', 'FIXED_AMOUNT', 'FREE_SHIPPING'], 'type') as is_checked
    from identity._actor_or_anonymous(p_ctx) as a
  )
  select p.promotion_id, p.seller_id, p.name, p.description, p.type, p.target, p.percent_bp, p.amount_minor, p.currency,
         p.category_ids, p.product_ids, p.seller_ids, p.min_subtotal_minor, p.coupon_code, p.starts_at, p.ends_at,
         p.usage_limit, p.buyer_limit, p.priority, p.status, p.version, p.created_at, p.updated_at,
         case when a.role in ('ADMIN', 'SELLER') then p.used end,
         core._encode_cursor(p.promotion_id::text)
  from actor as a
  cross join pricing.view_promotion as p
  where a.is_checked
    and case a.role when 'ADMIN' then true when 'SELLER' then p.seller_id = a.seller_id
                    else pricing._is_public(p, core.now()) end
    and (p_status is null or p.status = p_status)
    and (p_type is null or p.type = p_type)
    and (p_seller_id is null or p.seller_id = p_seller_id)
    and p.promotion_id
        < coalesce((core._decode_cursor(p_cursor, array['uuid']))[1], 'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid
  order by p.promotion_id desc
  limit core._page_limit(p_limit)
$$;
comment on function pricing.list_promotions(core.call_context, text, text, uuid, text, integer) is
  'A page of the promotions that the caller may see, newest first.';
grant execute on function pricing.list_promotions(core.call_context, text, text, uuid, text, integer) to tradepost_api;
