-- The commission rules that match a line (or a seller's shipping) at a moment: scope, currency, price band and time. One index
-- answers it: each combination of product or none, seller or none, and a category of the path or none is one descent. Of those that
-- come back the one with the greatest pricing._commission_rank wins. Private; written so that it is inlined into its callers.
create or replace function pricing._matching_commission_rules(
  p_applies_to text, p_seller_id uuid, p_product_id uuid, p_category_path uuid[], p_currency text, p_unit_price_minor bigint,
  p_at timestamptz
)
returns setof pricing.commission_rules
language sql
stable
as $$
  select r.*
  from pricing.commission_rules as r
  where r.applies_to = p_applies_to
    and coalesce(r.product_id, '00000000-0000-0000-0000-000000000000')
        = any (array['00000000-0000-0000-0000-000000000000'::uuid, p_product_id])
    and coalesce(r.seller_id, '00000000-0000-0000-0000-000000000000')
        = any (array['00000000-0000-0000-0000-000000000000'::uuid, p_seller_id])
    and coalesce(r.category_id, '00000000-0000-0000-0000-000000000000')
        = any ('00000000-0000-0000-0000-000000000000'::uuid || p_category_path)
    and coalesce(r.valid_until, 'infinity'::timestamptz) > p_at
    and r.valid_from <= p_at
    and (r.currency is null or r.currency = p_currency)
    and (r.band_min_minor is null or p_unit_price_minor >= r.band_min_minor)
    and (r.band_max_minor is null or p_unit_price_minor < r.band_max_minor)
$$;
comment on function pricing._matching_commission_rules(text, uuid, uuid, uuid[], text, bigint, timestamptz) is
  'The commission rules that match a line at a moment, found by index.';
