-- The members of a buyer group in the order of their ids. Called by: ADMIN. Locks: none. Events: none.
-- Problems: identity.*, pricing.group_not_found, core.cursor_invalid.
create or replace function pricing.list_group_members(
  p_ctx core.call_context, p_group_code text, p_cursor text, p_limit integer
)
returns setof pricing.view_buyer_group_member
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_after constant uuid :=
    coalesce((core._decode_cursor(p_cursor, array['uuid']))[1], '00000000-0000-0000-0000-000000000000')::uuid;
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  if not exists (select from pricing.buyer_groups as g where g.group_code = p_group_code) then
    perform pricing._group_not_found(p_group_code);
  end if;
  return query
  select m.group_code, m.buyer_id, m.added_at, core._encode_cursor(m.buyer_id::text)
  from pricing.view_buyer_group_member as m
  where m.group_code = p_group_code and m.buyer_id > v_after
  order by m.buyer_id
  limit core._page_limit(p_limit);
end
$$;
comment on function pricing.list_group_members(core.call_context, text, text, integer) is 'A page of the members of a buyer group.';
grant execute on function pricing.list_group_members(core.call_context, text, text, integer) to tradepost_api;
