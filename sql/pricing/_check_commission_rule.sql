-- Checks a commission rule's version before it is written: limits, references, and that no other rule of the same scope (seller,
-- category, product, currency) is in force during a part of its time. The caller holds the table's writer lock. Private.
-- Problems: MK422 pricing.rule_invalid, pricing.*_unknown; MK409 pricing.rule_conflict naming the rival.
create or replace function pricing._check_commission_rule(p_rule pricing.commission_rules)
returns void
language plpgsql
stable
as $$
declare
  v_rival pricing.commission_rules;
begin
  if length(btrim(coalesce(p_rule.name, ''))) not between 1 and 100 then
    perform pricing._invalid('pricing.rule_invalid', 'name', 'A name has 1 to 100 characters.');
  elsif not coalesce(p_rule.percent_bp between 0 and 10000, false) then
    perform pricing._invalid('pricing.rule_invalid', 'percentBp', 'The percentage is 0 to 10000 basis points.');
  elsif not coalesce(p_rule.fixed_minor between 0 and 100000000000, false) then
    perform pricing._invalid('pricing.rule_invalid', 'fixed', 'The fixed part is 0 to 100000000000 minor units.');
  elsif p_rule.product_id is not null and p_rule.category_id is not null then
    perform pricing._invalid('pricing.rule_invalid', 'categoryId', 'A rule for a product needs no category.');
  elsif p_rule.valid_until <= p_rule.valid_from then
    perform pricing._invalid('pricing.rule_invalid', 'validUntil', 'A rule ends after it begins.');
  end if;
  perform pricing._check_references(array[p_rule.seller_id], array[p_rule.category_id], array[p_rule.product_id],
                                    p_rule.currency::text, 'sellerId', 'categoryId', 'productId', 'fixed/currency');

  select r.* into v_rival
  from pricing.commission_rules as r
  where r.rule_id <> p_rule.rule_id
    and r.seller_id is not distinct from p_rule.seller_id
    and r.category_id is not distinct from p_rule.category_id
    and r.product_id is not distinct from p_rule.product_id
    and r.currency is not distinct from p_rule.currency
    and tstzrange(r.valid_from, r.valid_until) && tstzrange(p_rule.valid_from, p_rule.valid_until)
  order by r.valid_from
  limit 1;
  if found then
    raise exception 'pricing.rule_conflict' using
      errcode = 'MK409',
      detail = format('Rule %s ("%s") has the same scope from %s on.', v_rival.rule_id, v_rival.name,
                      pricing._time_text(v_rival.valid_from)),
      hint = 'Change that rule, or choose another time or scope.';
  end if;
end
$$;
comment on function pricing._check_commission_rule(pricing.commission_rules) is
  'Refuses a malformed commission rule and one that overlaps another of the same scope.';
