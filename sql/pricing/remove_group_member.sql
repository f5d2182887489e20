-- Takes a buyer out of a group; one who is not in it is not missed. Called by: ADMIN. Locks: none. Events: none.
-- Problems: identity.*, pricing.group_not_found.
create or replace function pricing.remove_group_member(p_ctx core.call_context, p_group_code text, p_buyer_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  if not exists (select from pricing.buyer_groups as g where g.group_code = p_group_code) then
    perform pricing._group_not_found(p_group_code);
  end if;
  delete from pricing.buyer_group_members as m where m.buyer_id = p_buyer_id and m.group_code = p_group_code;
end
$$;
comment on function pricing.remove_group_member(core.call_context, text, uuid) is 'Takes a buyer out of a group.';
grant execute on function pricing.remove_group_member(core.call_context, text, uuid) to tradepost_api;
