-- Renames a buyer group; its code stays. Called by: ADMIN. Locks: the group. Events: none.
-- Problems: identity.*, pricing.group_not_found, pricing.group_invalid, core.version_stale.
create or replace function pricing.update_buyer_group(
  p_ctx core.call_context, p_group_code text, p_expected_version integer, p_name text
)
returns setof pricing.view_buyer_group
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_version integer;
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  select g.version into v_version from pricing.buyer_groups as g where g.group_code = p_group_code for no key update;
  if not found then
    perform pricing._group_not_found(p_group_code);
  end if;
  perform core._assert_version(v_version, p_expected_version);
  perform pricing._check_group_name(p_name);
  update pricing.buyer_groups as g
  set name = btrim(p_name), version = g.version + 1, updated_at = v_now
  where g.group_code = p_group_code;
  return query select g.* from pricing.view_buyer_group as g where g.group_code = p_group_code;
end
$$;
comment on function pricing.update_buyer_group(core.call_context, text, integer, text) is 'Renames a buyer group.';
grant execute on function pricing.update_buyer_group(core.call_context, text, integer, text) to tradepost_api;
