-- A page of the active variants of a product that the caller may see, in order of position. Prices are in p_currency (null =
-- each offer's own); offers that are not sold in it are left out.
-- Locks: none. Events: none.
-- Problems: identity.unauthenticated, MK404 catalog.product_not_found, MK400 core.cursor_invalid, MK422 catalog.currency_unknown.
create or replace function catalog.list_variants(
  p_ctx core.call_context, p_product_id uuid, p_currency text, p_cursor text, p_limit integer)
returns setof catalog.variant_page
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._actor_or_anonymous(p_ctx);
  v_after constant text[] := core._decode_cursor(p_cursor, array['integer', 'uuid']);
begin
  perform catalog._require_currency(p_currency);
  if not exists (select 1 from catalog.products as p
                  where p.product_id = p_product_id and catalog._may_see(v_actor, p.seller_id, p.status)) then
    perform catalog._refuse_product();
  end if;
  return query
    select v.variant_id, v.product_id, v.axis_values, v.position, v.status, v.version, v.created_at, v.updated_at,
           case when p_currency is null then v.offers else catalog._offers_in(v.variant_id, v.status, p_currency) end,
           v.page_cursor
      from catalog.variant_page as v
     where v.product_id = p_product_id
       and v.status = 'ACTIVE'
       and (v_after is null or (v.position, v.variant_id) > (v_after[1]::integer, v_after[2]::uuid))
     order by v.position, v.variant_id
     limit core._page_limit(p_limit);
end;
$$;
comment on function catalog.list_variants(core.call_context, uuid, text, text, integer) is 'A page of the active variants of a product.';
grant execute on function catalog.list_variants(core.call_context, uuid, text, text, integer) to tradepost_api;
