-- Makes a commission rule; its scope is what is given of seller, category and product. For ADMIN.
-- p_rule: {name, appliesTo?, sellerId?, categoryId?, productId?, priority?, percentBp?, fixed?, fixedPer?, base?, currency?,
-- unitPriceFrom?, unitPriceBelow?, min?, max?, vatBp?, validFrom? (now), validUntil?}; amounts are {amountMinor, currency}.
-- Locks: pricing.commission_rules against other writers. Events: pricing.rule_created.
-- Problems: identity.*, pricing.rule_invalid, *_unknown, pricing.rule_conflict.
create or replace function pricing.create_commission_rule(p_ctx core.call_context, p_rule jsonb)
returns setof pricing.view_commission_rule
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_rule pricing.commission_rules := pricing._proposed_commission_rule(p_rule, v_now, v_actor.user_id);
begin
  if v_rule.valid_from < v_now then
    perform pricing._invalid('pricing.rule_invalid', 'validFrom', 'A rule cannot begin in the past.');
  end if;
  lock table pricing.commission_rules in share row exclusive mode;
  perform pricing._write_commission_rule(p_ctx, v_rule);
  return query select r.* from pricing.view_commission_rule as r where r.rule_id = v_rule.rule_id;
end
$$;
comment on function pricing.create_commission_rule(core.call_context, jsonb) is
  'Makes a commission rule; refuses one that another of the same rank is in the way of.';
grant execute on function pricing.create_commission_rule(core.call_context, jsonb) to tradepost_api;
