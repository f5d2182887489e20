-- One variant with its offers. Everybody sees the active ones of active products; the store and administrators see all.
-- Locks: none. Events: none. Problems: identity.unauthenticated, MK404 catalog.variant_not_found.
create or replace function catalog.get_variant(p_ctx core.call_context, p_variant_id uuid)
returns setof catalog.variant
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._actor_or_anonymous(p_ctx);
begin
  return query
    select v.*
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
comment on function catalog.get_variant(core.call_context, uuid) is 'One variant with its offers.';
grant execute on function catalog.get_variant(core.call_context, uuid) to tradepost_api;
