-- A page of products by filters and order. Everybody lists the active products of active stores; a store also its own of
-- every status (p_is_mine, or p_seller_id its own), administrators all. p_category_id includes what is below it. Prices
-- compare the lowest price of a product, in p_currency. Orders: newest, oldest, title, price_asc, price_desc, relevance
-- (of the newest catalog.search_candidates_max matches of p_query).
-- One statement serves all orders but relevance: with plan_cache_mode = force_custom_plan each call is planned with its
-- values, so that what is not asked for folds away and the index of the asked order is walked.
-- Locks: none. Events: none.
-- Problems: identity.*, MK400 core.cursor_invalid, MK403 catalog.status_not_visible, those of _assert_product_filter.
create or replace function catalog.list_products(
  p_ctx core.call_context, p_category_id uuid, p_seller_id uuid, p_is_mine boolean, p_status text, p_price_min_minor bigint,
  p_price_max_minor bigint, p_currency text, p_query text, p_sort text, p_cursor text, p_limit integer)
returns setof catalog.product_page
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_sort constant text := coalesce(p_sort, case when p_query is null then 'newest' else 'relevance' end);
  v_seller_id constant uuid := case when p_is_mine then (identity._require_seller(p_ctx)).seller_id else p_seller_id end;
  v_is_manager constant boolean := catalog._may_manage(identity._actor_or_anonymous(p_ctx), v_seller_id);
  v_status constant text := case when v_is_manager then p_status else 'ACTIVE' end;
  v_query constant tsquery := websearch_to_tsquery('english', p_query);
  v_currency constant bpchar := p_currency;
  -- of more categories than these a page is found sooner by a walk along the catalogue
  v_categories_max constant integer := 64;
  v_category_ids uuid[];
  v_category_id uuid;
  v_after text[];
  v_id uuid;
  v_key bigint;
begin
  perform catalog._assert_product_filter(p_status, p_price_min_minor, p_price_max_minor, p_currency, p_query, v_sort,
                                         v_is_manager, p_is_bounded => v_status is not null or v_seller_id is not null);
  v_after := catalog._read_product_cursor(p_cursor, v_sort);
  v_id := v_after[2]::uuid;
  v_key := v_after[3]::bigint;
  if p_category_id is not null then
    v_category_ids := array(select c.category_id from catalog.categories as c where c.path @> array[p_category_id]);
    if cardinality(v_category_ids) <= 1 then
      v_category_id := p_category_id;
      v_category_ids := null;
    end if;
  end if;
  if v_sort = 'relevance' then
    return query
      select r.*
        from catalog._search_products(v_status, v_seller_id, v_category_id, v_category_ids, v_currency, p_price_min_minor,
                                      p_price_max_minor, v_query, v_is_manager, v_key, v_id, p_limit) as r;
    return;
  end if;
  if cardinality(v_category_ids) <= v_categories_max then
    return query
      select b.*
        from catalog._list_below(v_status, v_seller_id, v_category_ids, v_currency, p_price_min_minor, p_price_max_minor,
                                 v_query, v_is_manager, v_sort, v_after, p_limit) as b;
    return;
  end if;
  -- what a row shows is made after the limit: the sort may see the whole catalogue
  return query
    select p.product_id, p.seller_id,
           jsonb_build_object('sellerId', p.seller_id, 'storeName', p.store_name, 'slug', p.store_slug),
           p.category_id, p.title, p.slug, p.status, p.price_from_minor, p.price_to_minor, p.currency, p.version,
           p.created_at, p.updated_at,
           core._encode_cursor(v_sort, p.product_id::text,
                               case when v_sort in ('price_asc', 'price_desc') then p.price_from_minor::text end,
                               case when v_sort = 'title' then p.title end)
      from (select q.*, row_number() over () as line_no
              from (select p.*, s.store_name, s.slug as store_slug
                      from catalog.products as p
                      join identity.sellers as s on s.seller_id = p.seller_id and (v_is_manager or s.status = 'ACTIVE')
                     where catalog._is_listed(p, v_status, v_seller_id, v_category_id, v_category_ids, v_currency,
                                              p_price_min_minor, p_price_max_minor, v_query)
                       and (v_after is null
                            or v_sort = 'newest' and p.product_id < v_id
                            or v_sort = 'oldest' and p.product_id > v_id
                            or v_sort = 'title' and (p.title, p.product_id) > (v_after[4], v_id)
                            or v_sort = 'price_asc' and (p.price_from_minor, p.product_id) > (v_key, v_id)
                            or v_sort = 'price_desc' and (p.price_from_minor, p.product_id) < (v_key, v_id))
                     order by case when v_sort = 'title' then p.title end,
                              case when v_sort = 'price_asc' then p.price_from_minor end,
                              case when v_sort = 'price_desc' then p.price_from_minor end desc,
                              case when v_sort in ('oldest', 'title', 'price_asc') then p.product_id end,
                              case when v_sort in ('newest', 'price_desc') then p.product_id end desc
                     limit core._page_limit(p_limit)) as q) as p
     order by p.line_no;
end;
$$;
comment on function catalog.list_products(core.call_context, uuid, uuid, boolean, text, bigint, bigint, text, text, text, text, integer) is
  'A page of products by filters and order.';
grant execute on function catalog.list_products(core.call_context, uuid, uuid, boolean, text, bigint, bigint, text, text, text, text, integer)
  to tradepost_api;
