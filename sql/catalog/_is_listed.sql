-- Whether a product passes the filters of a list; a null filter lets all pass. One expression, so that the planner puts it in
-- place of the call, drops the filters that are null and sees columns it has indexes for.
-- Called by other functions only. Locks: none. Events: none. Problems: none.
create or replace function catalog._is_listed(
  p_product catalog.products, p_status text, p_seller_id uuid, p_category_id uuid, p_category_ids uuid[], p_currency bpchar,
  p_price_min_minor bigint, p_price_max_minor bigint, p_query tsquery)
returns boolean
language sql
immutable
as $$
  select (p_status is null or p_product.status = p_status)
     and (p_seller_id is null or p_product.seller_id = p_seller_id)
     and (p_category_id is null or p_product.category_id = p_category_id)
     and (p_category_ids is null or p_product.category_id = any (p_category_ids))
     and (p_currency is null or p_product.currency = p_currency)
     and (p_price_min_minor is null or p_product.price_from_minor >= p_price_min_minor)
     and (p_price_max_minor is null or p_product.price_from_minor <= p_price_max_minor)
     and (p_query is null or p_product.search @@ p_query);
$$;
comment on function catalog._is_listed(catalog.products, text, uuid, uuid, uuid[], bpchar, bigint, bigint, tsquery) is
  'Whether a product passes the filters of a list.';
