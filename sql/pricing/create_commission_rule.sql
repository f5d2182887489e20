-- Makes a commission rule; its scope is what is not null of seller, category and product. For ADMIN. p_valid_from null = now.
-- Locks: pricing.commission_rules against other writers, so that two overlapping rules cannot both pass the check.
-- Events: pricing.rule_created. Problems: identity.*, pricing.rule_invalid, *_unknown, pricing.rule_conflict.
create or replace function pricing.create_commission_rule(
  p_ctx core.call_context, p_name text, p_seller_id uuid, p_category_id uuid, p_product_id uuid,
  p_percent_bp integer, p_fixed_minor bigint, p_currency text, p_valid_from timestamptz, p_valid_until timestamptz
)
returns setof pricing.view_commission_rule
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_rule pricing.commission_rules;
begin
  if p_valid_from < v_now then
    perform pricing._invalid('pricing.rule_invalid', 'validFrom', 'A rule cannot begin in the past.');
  end if;
  if coalesce(p_fixed_minor, 0) > 0 and p_currency is null then
    perform pricing._invalid('pricing.rule_invalid', 'fixed', 'A fixed part needs its currency.');
  end if;
  v_rule := row(core.new_id(), 1, btrim(p_name), p_seller_id, p_category_id, p_product_id, coalesce(p_percent_bp, 0),
                coalesce(p_fixed_minor, 0), p_currency, coalesce(p_valid_from, v_now), p_valid_until, v_now, v_actor.user_id);
  lock table pricing.commission_rules in share row exclusive mode;
  perform pricing._check_commission_rule(v_rule);
  perform pricing._write_commission_rule(p_ctx, v_rule);
  return query select r.* from pricing.view_commission_rule as r where r.rule_id = v_rule.rule_id;
end
$$;
comment on function pricing.create_commission_rule(core.call_context, text, uuid, uuid, uuid, integer, bigint, text,
                                                   timestamptz, timestamptz) is
  'Makes a commission rule; refuses one that overlaps another of the same scope.';
grant execute on function pricing.create_commission_rule(core.call_context, text, uuid, uuid, uuid, integer, bigint, text,
                                                         timestamptz, timestamptz) to tradepost_api;
