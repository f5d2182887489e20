-- The newest version of a commission rule that has not ended. Private; the caller holds the table's writer lock.
-- Problems: MK404 pricing.rule_not_found, MK409 pricing.rule_ended.
create or replace function pricing._open_commission_rule(p_rule_id uuid, p_now timestamptz)
returns pricing.commission_rules
language plpgsql
stable
as $$
declare
  v_rule pricing.commission_rules;
begin
  select r.* into v_rule from pricing.commission_rules as r where r.rule_id = p_rule_id order by r.version desc limit 1;
  if not found then
    raise exception 'pricing.rule_not_found' using
      errcode = 'MK404', detail = 'There is no such commission rule.', hint = 'List the rules to find its id.';
  end if;
  if v_rule.valid_until <= greatest(p_now, v_rule.valid_from) then
    raise exception 'pricing.rule_ended' using
      errcode = 'MK409', detail = format('The rule ended at %s.', pricing._time_text(v_rule.valid_until)),
      hint = 'Make a new rule of the same scope.';
  end if;
  return v_rule;
end
$$;
comment on function pricing._open_commission_rule(uuid, timestamptz) is 'The version of a commission rule that may be changed.';
