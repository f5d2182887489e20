-- Changes a commission rule: its newest version is closed now and the next one opens now, with the same scope. A version that has
-- not begun is closed unused. Earlier orders keep the version they were priced by. For ADMIN.
-- Locks: pricing.commission_rules against other writers. Events: pricing.rule_changed.
-- Problems: identity.*, pricing.rule_not_found, core.version_stale, pricing.rule_ended, rule_invalid, *_unknown, rule_conflict.
create or replace function pricing.update_commission_rule(
  p_ctx core.call_context, p_rule_id uuid, p_expected_version integer, p_name text,
  p_percent_bp integer, p_fixed_minor bigint, p_currency text, p_valid_until timestamptz
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
  select r.* into v_old from pricing.commission_rules as r where r.rule_id = p_rule_id order by r.version desc limit 1;
  if not found then
    raise exception 'pricing.rule_not_found' using
      errcode = 'MK404', detail = 'There is no such commission rule.', hint = 'List the rules to find its id.';
  end if;
  perform core._assert_version(v_old.version, p_expected_version);
  if v_old.valid_until <= v_now then
    raise exception 'pricing.rule_ended' using
      errcode = 'MK409', detail = format('The rule ended at %s.', pricing._time_text(v_old.valid_until)),
      hint = 'Make a new rule of the same scope.';
  end if;
  if coalesce(p_fixed_minor, 0) > 0 and p_currency is null then
    perform pricing._invalid('pricing.rule_invalid', 'fixed', 'A fixed part needs its currency.');
  end if;
  v_rule := row(p_rule_id, v_old.version + 1, btrim(p_name), v_old.seller_id, v_old.category_id, v_old.product_id,
                coalesce(p_percent_bp, 0), coalesce(p_fixed_minor, 0), p_currency, greatest(v_now, v_old.valid_from),
                p_valid_until, v_now, v_actor.user_id);
  perform pricing._check_commission_rule(v_rule);
  update pricing.commission_rules as r
  set valid_until = v_rule.valid_from
  where r.rule_id = p_rule_id and r.version = v_old.version;
  perform pricing._write_commission_rule(p_ctx, v_rule);
  return query select r.* from pricing.view_commission_rule as r where r.rule_id = p_rule_id;
end
$$;
comment on function pricing.update_commission_rule(core.call_context, uuid, integer, text, integer, bigint, text, timestamptz) is
  'Closes the newest version of a commission rule and opens the next one.';
grant execute on function pricing.update_commission_rule(core.call_context, uuid, integer, text, integer, bigint, text,
                                                         timestamptz) to tradepost_api;
