-- Changes a commission rule: its newest version is closed now and the next one opens now, with the same scope (what it applies
-- to, seller, category, product). A version that has not begun is closed unused. Orders keep the version they were charged by.
-- For ADMIN. p_rule: the document of create_commission_rule without the scope and validFrom.
-- Locks: pricing.commission_rules against other writers. Events: pricing.rule_changed.
-- Problems: identity.*, pricing.rule_not_found, core.version_stale, pricing.rule_ended, rule_invalid, *_unknown, rule_conflict.
create or replace function pricing.update_commission_rule(
  p_ctx core.call_context, p_rule_id uuid, p_expected_version integer, p_rule jsonb
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
  v_old pricing.commission_rules;
  v_rule pricing.commission_rules;
begin
  lock table pricing.commission_rules in share row exclusive mode;
  v_old := pricing._open_commission_rule(p_rule_id, v_now);
  perform core._assert_version(v_old.version, p_expected_version);
  v_rule := v_old;
  v_rule.version := v_old.version + 1;
  v_rule.valid_from := greatest(v_now, v_old.valid_from);
  v_rule.created_at := v_now;
  v_rule.created_by := v_actor.user_id;
  v_rule := pricing._commission_rule_from(p_rule, v_rule);
  perform pricing._check_commission_rule(v_rule);
  update pricing.commission_rules as r
  set valid_until = v_rule.valid_from
  where r.rule_id = p_rule_id and r.version = v_old.version;
  perform pricing._write_commission_rule(p_ctx, v_rule);
  return query select r.* from pricing.view_commission_rule as r where r.rule_id = p_rule_id;
end
$$;
comment on function pricing.update_commission_rule(core.call_context, uuid, integer, jsonb) is
  'Closes the newest version of a commission rule and opens the next one.';
grant execute on function pricing.update_commission_rule(core.call_context, uuid, integer, jsonb) to tradepost_api;
