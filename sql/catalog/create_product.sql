-- Creates a product of the caller's store as a DRAFT, which may still lack required attributes. The slug is made from the
-- title unless given. For sellers.
-- Locks: the category and its attributes. Events: catalog.product_created.
-- Problems: identity.*, those of catalog._assert_product_content, MK422 catalog.slug_invalid, MK409 catalog.slug_taken.
create or replace function catalog.create_product(
  p_ctx core.call_context, p_category_id uuid, p_title text, p_slug text, p_description text, p_attributes jsonb)
returns setof catalog.product
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._require_seller(p_ctx);
  v_product_id constant uuid := core.new_id();
  v_now constant timestamptz := core.now();
  v_product catalog.products;
  v_slug text;
begin
  perform catalog._assert_product_content(p_category_id, p_title, coalesce(p_description, ''), coalesce(p_attributes, '{}'), false);
  foreach v_slug in array catalog._slug_candidates(p_slug, p_title, 'product', v_product_id) loop
    insert into catalog.products (product_id, seller_id, category_id, title, slug, description, attributes, created_at,
                                  updated_at)
    values (v_product_id, v_actor.seller_id, p_category_id, btrim(p_title), v_slug, coalesce(p_description, ''),
            coalesce(p_attributes, '{}'), v_now, v_now)
    on conflict (slug) do nothing
    returning * into v_product;
    exit when v_product.product_id is not null;
  end loop;
  if v_product.product_id is null then
    perform catalog._refuse_slug(v_slug);
  end if;
  perform catalog._append_product_event(v_product, 'catalog.product_created', v_actor.user_id, p_ctx.request_id,
                                        jsonb_build_object('categoryId', p_category_id));
  return query select p.* from catalog.product as p where p.product_id = v_product_id;
end;
$$;
comment on function catalog.create_product(core.call_context, uuid, text, text, text, jsonb) is
  'Creates a product of the caller''s store as a draft.';
grant execute on function catalog.create_product(core.call_context, uuid, text, text, text, jsonb) to tradepost_api;
