-- Candidates for a commission as the API shows them. Private.
create or replace function pricing._candidates_json(
  p_subject pricing.commission_subject, p_at timestamptz, p_winner_id uuid, p_winner_version integer
)
returns jsonb
language sql
stable
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'ruleId', c.rule_id, 'version', c.version, 'name', c.name, 'outcome', c.outcome, 'reason', c.reason,
           'sellerId', c.seller_id, 'categoryId', c.category_id, 'productId', c.product_id, 'currency', c.currency,
           'priority', c.priority, 'specificity', c.rank[2], 'categoryDepth', c.rank[3],
           'unitPriceFrom', pricing._optional_money(c.band_min_minor, c.currency), 'unitPriceBelow', pricing._optional_money(c.band_max_minor, c.currency),
           'base', c.base, 'percentBp', c.percent_bp, 'fixed', pricing._optional_money(nullif(c.fixed_minor, 0), c.currency),
           'fixedPer', c.fixed_per, 'min', pricing._optional_money(c.min_minor, c.currency), 'max', pricing._optional_money(c.max_minor, c.currency),
           'vatBp', c.vat_bp, 'validFrom', c.valid_from, 'validUntil', c.valid_until,
           'commission', pricing._optional_money(c.amount_minor, p_subject.currency), 'vat', pricing._optional_money(c.vat_minor, p_subject.currency))
           order by c.ordinality), '[]')
  from pricing._commission_candidates(p_subject, p_at, p_winner_id, p_winner_version) with ordinality as c
$$;
comment on function pricing._candidates_json(pricing.commission_subject, timestamptz, uuid, integer) is
  'The candidates for a commission as a JSON list.';
