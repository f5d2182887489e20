-- A page of the products that match a search, best first. Only the newest catalog.search_candidates_max matches are ranked:
-- a word that half of the catalogue has costs no more than that.
-- Called by catalog.list_products, whose plan_cache_mode makes its filters fold. Locks: none. Events: none. Problems: none.
create or replace function catalog._search_products(
  p_status text, p_seller_id uuid, p_category_id uuid, p_category_ids uuid[], p_currency bpchar, p_price_min_minor bigint,
  p_price_max_minor bigint, p_query tsquery, p_is_manager boolean, p_after_rank bigint, p_after_id uuid, p_limit integer)
returns setof catalog.product_page
language plpgsql
stable
as $$
declare
  v_candidates_max constant bigint := core._setting_int('catalog.search_candidates_max');
begin
  return query
    select p.product_id, p.seller_id,
           jsonb_build_object('sellerId', s.seller_id, 'storeName', s.store_name, 'slug', s.slug),
           p.category_id, p.title, p.slug, p.status, p.price_from_minor, p.price_to_minor, p.currency, p.version,
           p.created_at, p.updated_at,
           core._encode_cursor('relevance', p.product_id::text, p.relevance::text, null)
      from (select q.*, catalog._relevance(q.search, p_query) as relevance
              from (select c.*
                      from catalog.products as c
                     where catalog._is_listed(c, p_status, p_seller_id, p_category_id, p_category_ids, p_currency,
                                              p_price_min_minor, p_price_max_minor, p_query)
                     order by c.product_id desc
                     limit v_candidates_max) as q) as p
      join identity.sellers as s on s.seller_id = p.seller_id and (p_is_manager or s.status = 'ACTIVE')
     where p_after_id is null or (p.relevance, p.product_id) < (p_after_rank, p_after_id)
     order by p.relevance desc, p.product_id desc
     limit core._page_limit(p_limit);
end;
$$;
comment on function catalog._search_products(text, uuid, uuid, uuid[], bpchar, bigint, bigint, tsquery, boolean, bigint, uuid, integer) is
  'A page of the products that match a search, best first.';
