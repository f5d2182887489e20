-- The stock of one offer, for its seller and for ADMIN. Everybody else gets the 404 of an unknown offer.
-- Locks: none. Events: none. Problems: MK401 identity.unauthenticated, MK404 inventory.stock_not_found.
create or replace function inventory.get_stock(p_ctx core.call_context, p_variant_id uuid, p_seller_id uuid)
returns setof inventory.stock
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform inventory._require_stock_keeper(p_ctx, p_variant_id, p_seller_id);
  return query
  select s.*
  from inventory._stock(array[row(p_seller_id, p_variant_id)::inventory.stock_key], core.now()) as s;
end
$$;
comment on function inventory.get_stock(core.call_context, uuid, uuid) is
  'On hand, reserved (live holds only) and available units of one offer.';
grant execute on function inventory.get_stock(core.call_context, uuid, uuid) to tradepost_api;
