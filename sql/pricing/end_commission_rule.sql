-- Ends a commission rule now, or at p_at when that is later. Like every change this closes the newest version and writes the
-- next one, with the same terms until the end; when the end is now, that version is never in force and only tells who ended the
-- rule. One that has not begun is closed unused. Orders keep what they were charged. For ADMIN.
-- Locks: pricing.commission_rules against other writers. Events: pricing.rule_ended.
-- Problems: identity.*, pricing.rule_not_found, pricing.rule_ended, pricing.rule_invalid.
create or replace function pricing.end_commission_rule(p_ctx core.call_context, p_rule_id uuid, p_at timestamptz)
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
  if p_at < v_now then
    perform pricing._invalid('pricing.rule_invalid', 'at', 'A rule cannot end in the past.');
  elsif p_at > v_old.valid_until then
    perform pricing._invalid('pricing.rule_invalid', 'at', format('The rule ends at %s already.', pricing._time_text(v_old.valid_until)));
  end if;
  v_rule := v_old;
  v_rule.version := v_old.version + 1;
  v_rule.valid_from := greatest(v_now, v_old.valid_from);
  v_rule.valid_until := greatest(coalesce(p_at, v_now), v_rule.valid_from);
  v_rule.created_at := v_now;
  v_rule.created_by := v_actor.user_id;
  update pricing.commission_rules as r
  set valid_until = v_rule.valid_from
  where r.rule_id = p_rule_id and r.version = v_old.version;
  insert into pricing.commission_rules select v_rule.*;
  perform events._append(
    'commission_rule', v_rule.rule_id, v_rule.version, 'pricing.rule_ended', v_actor.user_id, p_ctx.request_id,
    array_remove(array[v_rule.seller_id], null),
    jsonb_build_object('ruleId', v_rule.rule_id, 'version', v_rule.version, 'sellerId', v_rule.seller_id,
                       'validUntil', v_rule.valid_until));
  return query select r.* from pricing.view_commission_rule as r where r.rule_id = p_rule_id;
end
$$;
comment on function pricing.end_commission_rule(core.call_context, uuid, timestamptz) is
  'Ends a commission rule now or later; the history keeps who ended it.';
grant execute on function pricing.end_commission_rule(core.call_context, uuid, timestamptz) to tradepost_api;
