-- Inserts a version of a commission rule and appends its event. Whether another rule of the same rank is in force at the same
-- time is decided by the table's exclusion constraint, which also sees rules that are being written at this moment.
-- Private; the caller holds the table's writer lock (two writers at once would wait for each other in that constraint).
-- Events: pricing.rule_created for version 1, else pricing.rule_changed; the rule's seller hears of it.
-- Problems: MK409 pricing.rule_conflict naming the rival.
create or replace function pricing._write_commission_rule(p_ctx core.call_context, p_rule pricing.commission_rules)
returns void
language plpgsql
volatile
as $$
begin
  begin
    insert into pricing.commission_rules select p_rule.*;
  exception
    when exclusion_violation then
      perform pricing._refuse_rival(p_rule);
  end;
  perform events._append(
    'commission_rule', p_rule.rule_id, p_rule.version,
    case p_rule.version when 1 then 'pricing.rule_created' else 'pricing.rule_changed' end,
    p_rule.created_by, p_ctx.request_id, array_remove(array[p_rule.seller_id], null),
    jsonb_build_object('ruleId', p_rule.rule_id, 'version', p_rule.version, 'appliesTo', p_rule.applies_to,
                       'sellerId', p_rule.seller_id, 'categoryId', p_rule.category_id, 'productId', p_rule.product_id,
                       'priority', p_rule.priority, 'percentBp', p_rule.percent_bp, 'fixedMinor', p_rule.fixed_minor,
                       'currency', p_rule.currency, 'validFrom', p_rule.valid_from, 'validUntil', p_rule.valid_until));
end
$$;
comment on function pricing._write_commission_rule(core.call_context, pricing.commission_rules) is
  'Writes one version of a commission rule with its event; refuses it when it has a rival.';
