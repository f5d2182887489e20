-- One commission rule in its newest version, with all its versions (oldest first) in column versions. For ADMIN.
-- Locks: none. Events: none. Problems: identity.unauthenticated, identity.role_required, pricing.rule_not_found.
create or replace function pricing.get_commission_rule(p_ctx core.call_context, p_rule_id uuid)
returns setof pricing.view_commission_rule
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rule pricing.view_commission_rule;
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  select r.* into v_rule from pricing.view_commission_rule as r where r.rule_id = p_rule_id;
  if not found then
    raise exception 'pricing.rule_not_found' using
      errcode = 'MK404', detail = 'There is no such commission rule.', hint = 'List the rules to find its id.';
  end if;
  select jsonb_agg(jsonb_build_object(
           'version', r.version, 'name', r.name, 'priority', r.priority, 'percentBp', r.percent_bp,
           'fixed', pricing._optional_money(nullif(r.fixed_minor, 0), r.currency::text), 'fixedPer', r.fixed_per, 'base', r.base, 'currency', r.currency,
           'unitPriceFrom', pricing._optional_money(r.band_min_minor, r.currency::text),
           'unitPriceBelow', pricing._optional_money(r.band_max_minor, r.currency::text),
           'min', pricing._optional_money(r.min_minor, r.currency::text), 'max', pricing._optional_money(r.max_minor, r.currency::text),
           'vatBp', r.vat_bp, 'validFrom', r.valid_from, 'validUntil', r.valid_until,
           'createdAt', r.created_at, 'createdBy', r.created_by) order by r.version)
  into v_rule.versions
  from pricing.commission_rules as r
  where r.rule_id = p_rule_id;
  return next v_rule;
end
$$;
comment on function pricing.get_commission_rule(core.call_context, uuid) is
  'One commission rule in its newest version, with the history of its versions.';
grant execute on function pricing.get_commission_rule(core.call_context, uuid) to tradepost_api;
