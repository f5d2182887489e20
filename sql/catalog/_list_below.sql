-- A page of the products of several categories, in any order but relevance: the first rows of each category by its own index, then the
-- first of those. A walk along the whole catalogue would pass by everything else until it has found a page of them.
-- Called by catalog.list_products, whose plan_cache_mode makes its filters fold. Locks: none. Events: none. Problems: none.
create or replace function catalog._list_below(
  p_status text, p_seller_id uuid, p_category_ids uuid[], p_currency bpchar, p_price_min_minor bigint, p_price_max_minor bigint,
  p_query tsquery, p_is_manager boolean, p_sort text, p_after text[], p_limit integer)
returns setof catalog.product_page
language plpgsql
stable
as $$
declare
  v_id constant uuid := p_after[2];
  v_key constant bigint := p_after[3];
  v_limit constant integer := core._page_limit(p_limit);
begin
  return query
    select p.product_id, p.seller_id,
           jsonb_build_object('sellerId', p.seller_id, 'storeName', p.store_name, 'slug', p.store_slug),
           p.category_id, p.title, p.slug, p.status, p.price_from_minor, p.price_to_minor, p.currency, p.version,
           p.created_at, p.updated_at,
           core._encode_cursor(p_sort, p.product_id::text,
                               case when p_sort in ('price_asc', 'price_desc') then p.price_from_minor::text end,
                               case when p_sort = 'title' then p.title end)
      from (select q.*, row_number() over (order by case when p_sort = 'title' then q.title end,
                                                    case when p_sort = 'price_asc' then q.price_from_minor end,
                                                    case when p_sort = 'price_desc' then q.price_from_minor end desc,
                                                    case when p_sort in ('oldest', 'title', 'price_asc') then q.product_id end,
                                                    case when p_sort in ('newest', 'price_desc') then q.product_id end desc) as line_no
              from unnest(p_category_ids) as c (category_id)
             cross join lateral (
                   select p.*, s.store_name, s.slug as store_slug
                     from catalog.products as p
                     join identity.sellers as s on s.seller_id = p.seller_id and (p_is_manager or s.status = 'ACTIVE')
                    -- a range and not "=", and the category first in the order: so that only an index of categories serves it
                    where p.category_id >= c.category_id and p.category_id <= c.category_id
                      and catalog._is_listed(p, p_status, p_seller_id, null, null, p_currency, p_price_min_minor,
                                             p_price_max_minor, p_query)
                      and (p_after is null
                           or p_sort = 'newest' and (p.category_id, p.product_id) < (c.category_id, v_id)
                           or p_sort = 'oldest' and (p.category_id, p.product_id) > (c.category_id, v_id)
                           or p_sort = 'title' and (p.category_id, p.status, p.title, p.product_id)
                                                   > (c.category_id, coalesce(p_status, p.status), p_after[4], v_id)
                           or p_sort = 'price_asc' and (p.category_id, p.status, p.currency, p.price_from_minor, p.product_id)
                                                       > (c.category_id, coalesce(p_status, p.status), p_currency, v_key, v_id)
                           or p_sort = 'price_desc' and (p.category_id, p.status, p.currency, p.price_from_minor, p.product_id)
                                                        < (c.category_id, coalesce(p_status, p.status), p_currency, v_key, v_id))
                    order by case when p_sort in ('oldest', 'title', 'price_asc') then p.category_id end,
                             case when p_sort in ('newest', 'price_desc') then p.category_id end desc,
                             case when p_sort = 'title' then p.title end,
                             case when p_sort = 'price_asc' then p.price_from_minor end,
                             case when p_sort = 'price_desc' then p.price_from_minor end desc,
                             case when p_sort in ('oldest', 'title', 'price_asc') then p.product_id end,
                             case when p_sort in ('newest', 'price_desc') then p.product_id end desc
                    limit v_limit) as q) as p
     where p.line_no <= v_limit
     order by p.line_no;
end;
$$;
comment on function catalog._list_below(text, uuid, uuid[], bpchar, bigint, bigint, tsquery, boolean, text, text[], integer) is
  'A page of the products of several categories.';
