-- One price list: any for ADMIN; for sellers their own and the marketplace's. Locks: none. Events: none.
-- Problems: identity.*, pricing.price_list_not_found.
create or replace function pricing.get_price_list(p_ctx core.call_context, p_price_list_id uuid)
returns setof pricing.view_price_list
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pricing._require_price_list(pricing._require_promotion_author(p_ctx), p_price_list_id);
  return query select l.* from pricing.view_price_list as l where l.price_list_id = p_price_list_id;
end
$$;
comment on function pricing.get_price_list(core.call_context, uuid) is 'One price list that the caller may see.';
grant execute on function pricing.get_price_list(core.call_context, uuid) to tradepost_api;
