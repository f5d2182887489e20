-- Refuses a commission rule that the exclusion constraint did not let in, naming the rule that is in its way. Private.
-- Problems: MK409 pricing.rule_conflict.
create or replace function pricing._refuse_rival(p_rule pricing.commission_rules)
returns void
language plpgsql
stable
as $$
declare
  v_rival pricing.commission_rules;
begin
  select r.* into v_rival
  from pricing.commission_rules as r
  where r.applies_to = p_rule.applies_to and r.priority = p_rule.priority
    and r.seller_id is not distinct from p_rule.seller_id
    and r.category_id is not distinct from p_rule.category_id
    and r.product_id is not distinct from p_rule.product_id
    and r.currency is not distinct from p_rule.currency
    and (coalesce(r.band_min_minor, r.band_max_minor) is null) = (coalesce(p_rule.band_min_minor, p_rule.band_max_minor) is null)
    and int8range(coalesce(r.band_min_minor, 0), r.band_max_minor)
        && int8range(coalesce(p_rule.band_min_minor, 0), p_rule.band_max_minor)
    and tstzrange(r.valid_from, r.valid_until) && tstzrange(p_rule.valid_from, p_rule.valid_until)
  order by r.valid_from
  limit 1;
  raise exception 'pricing.rule_conflict' using
    errcode = 'MK409',
    detail = format('Rule %s ("%s") has the same rank and is in force from %s%s.', v_rival.rule_id, v_rival.name,
                    pricing._time_text(v_rival.valid_from), ' until ' || pricing._time_text(v_rival.valid_until)),
    hint = 'Change or end that rule, or choose another scope, priority, price band or time.';
end
$$;
comment on function pricing._refuse_rival(pricing.commission_rules) is
  'Names the commission rule of the same rank whose time overlaps.';
