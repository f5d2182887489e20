-- Reads a document of the API into a version of a commission rule, on top of the fields that the document does not hold.
-- All its amounts are in one currency, which is the rule's. Checks what needs no table. Private.
-- Problems: MK422 pricing.rule_invalid.
create or replace function pricing._commission_rule_from(p_document jsonb, p_base pricing.commission_rules)
returns pricing.commission_rules
language plpgsql
stable
as $$
declare
  v_rule pricing.commission_rules := p_base;
  v_amount record;
begin
  v_rule.name := btrim(p_document ->> 'name');
  v_rule.percent_bp := coalesce((p_document ->> 'percentBp')::integer, 0);
  v_rule.fixed_minor := coalesce((p_document -> 'fixed' ->> 'amountMinor')::bigint, 0);
  v_rule.priority := coalesce((p_document ->> 'priority')::integer, 0);
  v_rule.base := coalesce(p_document ->> 'base', 'NET');
  v_rule.fixed_per := coalesce(p_document ->> 'fixedPer', case v_rule.applies_to when 'SHIPPING' then 'LINE' else 'UNIT' end);
  v_rule.band_min_minor := (p_document -> 'unitPriceFrom' ->> 'amountMinor')::bigint;
  v_rule.band_max_minor := (p_document -> 'unitPriceBelow' ->> 'amountMinor')::bigint;
  v_rule.min_minor := (p_document -> 'min' ->> 'amountMinor')::bigint;
  v_rule.max_minor := (p_document -> 'max' ->> 'amountMinor')::bigint;
  v_rule.vat_bp := coalesce((p_document ->> 'vatBp')::integer, 0);
  v_rule.valid_until := (p_document ->> 'validUntil')::timestamptz;
  v_rule.currency := coalesce(
    p_document ->> 'currency', p_document -> 'fixed' ->> 'currency', p_document -> 'unitPriceFrom' ->> 'currency',
    p_document -> 'unitPriceBelow' ->> 'currency', p_document -> 'min' ->> 'currency', p_document -> 'max' ->> 'currency');
  select f.field, p_document -> f.field ->> 'amountMinor' as amount, p_document -> f.field ->> 'currency' as currency
  into v_amount
  from unnest(array['fixed', 'unitPriceFrom', 'unitPriceBelow', 'min', 'max']) as f (field)
  where (p_document -> f.field ->> 'amountMinor')::bigint not between 0 and 100000000000
     or p_document -> f.field ->> 'currency' is distinct from v_rule.currency::text and p_document ->> f.field is not null
  limit 1;
  if found then
    perform pricing._invalid('pricing.rule_invalid', v_amount.field || case when v_amount.currency is distinct from v_rule.currency::text
                                                                      then '/currency' else '/amountMinor' end,
      case when v_amount.currency is distinct from v_rule.currency::text then 'All amounts of a rule are in its one currency.'
           else 'An amount is 0 to 100000000000 minor units.' end);
  end if;
  return v_rule;
end
$$;
comment on function pricing._commission_rule_from(jsonb, pricing.commission_rules) is
  'Reads a commission rule document into a row.';
