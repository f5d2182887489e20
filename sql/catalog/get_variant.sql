-- One variant with its offers. Everybody sees the active ones of active products; the store and administrators see all.
-- Prices are in p_currency (null = each offer's own); offers that are not sold in it are left out.
-- Locks: none. Events: none.
-- Problems: identity.unauthenticated, MK404 catalog.variant_not_found, MK422 catalog.currency_unknown.
create or replace function catalog.get_variant(p_ctx core.call_context, p_variant_id uuid, p_currency text)
returns setof catalog.variant
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._actor_or_anonymous(p_ctx);
begin
  perform catalog._require_currency(p_currency);
  return query
    select v.variant_id, v.product_id, v.axis_values, v.position, v.status, v.version, v.created_at, v.updated_at,
           case when p_currency is null then v.offers else catalog._offers_in(v.variant_id, v.status, p_currency) end
      from catalog.variant as v
      join catalog.products as p on p.product_id = v.product_id
     where v.variant_id = p_variant_id
       and catalog._may_see(v_actor, p.seller_id, p.status)
       and (v.status = 'ACTIVE' or catalog._may_manage(v_actor, p.seller_id));
  if not found then
    perform catalog._refuse_variant();
  end if;
end;
$$;
comment on function catalog.get_variant(core.call_context, uuid, text) is 'One variant with its offers.';
grant execute on function catalog.get_variant(core.call_context, uuid, text) to tradepost_api;
