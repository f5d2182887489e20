-- One product by its slug, as catalog.get_product shows it.
-- Locks: none. Events: none. Problems: identity.unauthenticated, MK404 catalog.product_not_found,
-- MK422 catalog.currency_unknown.
create or replace function catalog.get_product_by_slug(p_ctx core.call_context, p_slug text, p_currency text)
returns setof catalog.product
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select p.*
      from catalog.get_product(p_ctx, (select q.product_id from catalog.products as q where q.slug = p_slug), p_currency) as p;
end;
$$;
comment on function catalog.get_product_by_slug(core.call_context, text, text) is 'One product by its slug.';
grant execute on function catalog.get_product_by_slug(core.call_context, text, text) to tradepost_api;
