-- The buyer groups in the order of their codes. Called by: ADMIN. Locks: none. Events: none.
-- Problems: identity.*, core.cursor_invalid.
create or replace function pricing.list_buyer_groups(p_ctx core.call_context, p_cursor text, p_limit integer)
returns setof pricing.view_buyer_group
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_after constant text := coalesce((core._decode_cursor(p_cursor, array['text']))[1], '');
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  return query
  select g.group_code, g.name, g.version, g.created_at, g.updated_at, g.member_count, core._encode_cursor(g.group_code)
  from pricing.view_buyer_group as g
  where g.group_code > v_after
  order by g.group_code
  limit core._page_limit(p_limit);
end
$$;
comment on function pricing.list_buyer_groups(core.call_context, text, integer) is 'A page of the buyer groups.';
grant execute on function pricing.list_buyer_groups(core.call_context, text, integer) to tradepost_api;
