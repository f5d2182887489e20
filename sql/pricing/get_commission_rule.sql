-- One commission rule in its newest version. For ADMIN.
-- Locks: none. Events: none. Problems: identity.unauthenticated, identity.role_required, pricing.rule_not_found.
create or replace function pricing.get_commission_rule(p_ctx core.call_context, p_rule_id uuid)
returns setof pricing.view_commission_rule
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  return query select r.* from pricing.view_commission_rule as r where r.rule_id = p_rule_id;
  if not found then
    raise exception 'pricing.rule_not_found' using
      errcode = 'MK404', detail = 'There is no such commission rule.', hint = 'List the rules to find its id.';
  end if;
end
$$;
comment on function pricing.get_commission_rule(core.call_context, uuid) is 'One commission rule in its newest version.';
grant execute on function pricing.get_commission_rule(core.call_context, uuid) to tradepost_api;
