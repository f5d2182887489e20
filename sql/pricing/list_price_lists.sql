-- Price lists, newest first: all for ADMIN; for sellers their own and the marketplace's. Filter: group. Locks: none. Events: none.
-- Problems: identity.*, core.cursor_invalid.
create or replace function pricing.list_price_lists(p_ctx core.call_context, p_group_code text, p_cursor text, p_limit integer)
returns setof pricing.view_price_list
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
  v_before uuid := coalesce((core._decode_cursor(p_cursor, array['uuid']))[1], 'ffffffff-ffff-ffff-ffff-ffffffffffff')::uuid;
begin
  return query
  select l.*
  from pricing.view_price_list as l
  where (v_actor.role = 'ADMIN' or l.seller_id is null or l.seller_id = v_actor.seller_id)
    and (p_group_code is null or l.group_code = p_group_code)
    and l.price_list_id < v_before
  order by l.price_list_id desc
  limit core._page_limit(p_limit);
end
$$;
comment on function pricing.list_price_lists(core.call_context, text, text, integer) is 'A page of price lists, newest first.';
grant execute on function pricing.list_price_lists(core.call_context, text, text, integer) to tradepost_api;
