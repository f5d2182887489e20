-- The commission that a proposed rule, or else its rival, would charge; nothing when neither is there. Private.
create or replace function orders._charge_again(
  p_is_proposed boolean, p_proposed pricing.commission_rules, p_rival pricing.commission_rules,
  p_gross_minor bigint, p_net_minor bigint, p_limit_minor bigint, p_quantity integer
)
returns table (amount_minor bigint, vat_minor bigint)
language plpgsql
immutable
as $$
declare
  v_rule pricing.commission_rules := case when p_is_proposed then p_proposed else p_rival end;
begin
  amount_minor := 0;
  vat_minor := 0;
  if v_rule.rule_id is not null then
    amount_minor := pricing._commission_amount(
      case v_rule.base when 'GROSS' then p_gross_minor else p_net_minor end, v_rule.percent_bp, v_rule.fixed_minor,
      case v_rule.fixed_per when 'UNIT' then p_quantity else 1 end, v_rule.min_minor, v_rule.max_minor, p_limit_minor);
    vat_minor := pricing._percent_of(amount_minor, v_rule.vat_bp);
  end if;
  return next;
end
$$;
comment on function orders._charge_again(
  boolean, pricing.commission_rules, pricing.commission_rules, bigint, bigint, bigint, integer) is
  'Commission and VAT by a proposed rule or its rival.';
