-- Makes a price list for a group of buyers, without prices yet: the marketplace's for ADMIN, a seller's own for its members.
-- p_document: {name, groupCode, priority?, active?, startsAt?, endsAt?}.
-- Locks: none. Events: pricing.price_list_created. Problems: identity.*, pricing.price_list_invalid, group_unknown.
create or replace function pricing.create_price_list(p_ctx core.call_context, p_document jsonb)
returns setof pricing.view_price_list
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := pricing._require_promotion_author(p_ctx);
  v_list pricing.price_lists;
begin
  v_list := pricing._price_list_from(p_document, null, v_now);
  v_list.price_list_id := core.new_id();
  v_list.seller_id := v_actor.seller_id;
  v_list.version := 1;
  v_list.created_at := v_now;
  insert into pricing.price_lists values (v_list.*);
  perform pricing._tell_price_list(p_ctx, v_actor.user_id, 'pricing.price_list_created', v_list);
  return query select l.* from pricing.view_price_list as l where l.price_list_id = v_list.price_list_id;
end
$$;
comment on function pricing.create_price_list(core.call_context, jsonb) is 'Makes a price list for a group of buyers.';
grant execute on function pricing.create_price_list(core.call_context, jsonb) to tradepost_api;
