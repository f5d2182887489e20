-- One buyer group. Called by: ADMIN. Locks: none. Events: none. Problems: identity.*, pricing.group_not_found.
create or replace function pricing.get_buyer_group(p_ctx core.call_context, p_group_code text)
returns setof pricing.view_buyer_group
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  return query select g.* from pricing.view_buyer_group as g where g.group_code = p_group_code;
  if not found then
    perform pricing._group_not_found(p_group_code);
  end if;
end
$$;
comment on function pricing.get_buyer_group(core.call_context, text) is 'One buyer group.';
grant execute on function pricing.get_buyer_group(core.call_context, text) to tradepost_api;
