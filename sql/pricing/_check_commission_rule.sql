-- Checks a version of a commission rule before it is written: limits, contradictions, references. Private; reads only.
-- That it has no rival of the same rank is the table's own constraint: see pricing._write_commission_rule.
-- Problems: MK422 pricing.rule_invalid, pricing.*_unknown.
create or replace function pricing._check_commission_rule(p_rule pricing.commission_rules)
returns void
language plpgsql
stable
as $$
declare
  v_fault record;
begin
  select f.field, f.detail into v_fault
  from (values
    (1, length(coalesce(p_rule.name, '')) between 1 and 100, 'name', 'A name has 1 to 100 characters.'),
    (2, p_rule.applies_to in ('LINE', 'SHIPPING'), 'appliesTo', 'A rule applies to LINE or SHIPPING.'),
    (3, p_rule.percent_bp between 0 and 10000, 'percentBp', 'The percentage is 0 to 10000 basis points.'),
    (4, p_rule.vat_bp between 0 and 10000, 'vatBp', 'The VAT is 0 to 10000 basis points of the commission.'),
    (5, p_rule.priority between -1000000 and 1000000, 'priority', 'A priority is -1000000 to 1000000.'),
    (6, p_rule.base in ('NET', 'GROSS'), 'base', 'The base is NET (after discounts) or GROSS (before).'),
    (7, p_rule.fixed_per in ('UNIT', 'LINE'), 'fixedPer', 'The fixed part counts per UNIT or per LINE.'),
    (8, p_rule.applies_to <> 'SHIPPING' or p_rule.category_id is null, 'categoryId', 'Shipping has no category: a rule for it may name a seller only.'),
    (9, p_rule.applies_to <> 'SHIPPING' or p_rule.product_id is null, 'productId', 'Shipping has no product: a rule for it may name a seller only.'),
    (10, p_rule.applies_to <> 'SHIPPING' or p_rule.fixed_per = 'LINE', 'fixedPer', 'Shipping has no units: its fixed part counts per LINE.'),
    (11, p_rule.applies_to <> 'SHIPPING' or coalesce(p_rule.band_min_minor, p_rule.band_max_minor) is null, 'unitPriceFrom',
     'Shipping has no unit price.'),
    (12, p_rule.band_max_minor > coalesce(p_rule.band_min_minor, 0), 'unitPriceBelow', 'A price band ends above where it begins.'),
    (13, p_rule.max_minor >= coalesce(p_rule.min_minor, 0), 'max', 'The cap is not below the floor.'),
    (14, p_rule.valid_until > p_rule.valid_from, 'validUntil', 'A rule ends after it begins.')
  ) as f (n, is_fine, field, detail)
  where not f.is_fine
  order by f.n
  limit 1;
  if found then
    perform pricing._invalid('pricing.rule_invalid', v_fault.field, v_fault.detail);
  end if;
  perform pricing._check_references(array[p_rule.seller_id], array[p_rule.category_id], array[p_rule.product_id],
                                    p_rule.currency::text, 'sellerId', 'categoryId', 'productId', 'currency');
end
$$;
comment on function pricing._check_commission_rule(pricing.commission_rules) is
  'Refuses a malformed commission rule, naming the field.';
