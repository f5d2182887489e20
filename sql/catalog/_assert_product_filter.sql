-- Checks the filters and the order of a product list. Called by other functions only. Locks: none. Events: none.
-- Problems: MK403 catalog.status_not_visible, MK422 catalog.status_invalid, sort_invalid, sort_needs_query,
-- sort_needs_status, currency_required, currency_unknown, price_range_invalid, query_invalid.
create or replace function catalog._assert_product_filter(
  p_status text, p_price_min_minor bigint, p_price_max_minor bigint, p_currency text, p_query text, p_sort text,
  p_is_manager boolean, p_is_bounded boolean)
returns void
language plpgsql
immutable
as $$
begin
  if p_status not in ('DRAFT', 'PENDING_APPROVAL', 'APPROVED', 'REJECTED', 'ACTIVE', 'INACTIVE', 'ARCHIVED') then
    raise exception 'catalog.status_invalid' using
      errcode = 'MK422', detail = 'There is no such status of a product.',
      hint = 'Ask for DRAFT, PENDING_APPROVAL, APPROVED, REJECTED, ACTIVE, INACTIVE or ARCHIVED.',
      column = 'status';
  end if;
  if not p_is_manager and p_status <> 'ACTIVE' then
    raise exception 'catalog.status_not_visible' using
      errcode = 'MK403',
      detail = 'Products that are not on sale are seen by their store and by administrators only.',
      hint = 'A store lists its own with mine=true.',
      column = 'status';
  end if;
  if p_sort not in ('newest', 'oldest', 'title', 'price_asc', 'price_desc', 'relevance') then
    raise exception 'catalog.sort_invalid' using
      errcode = 'MK422', detail = 'There is no such order.', column = 'sort',
      hint = 'newest, oldest, title, price_asc, price_desc or relevance.';
  end if;
  if p_sort = 'relevance' and p_query is null then
    raise exception 'catalog.sort_needs_query' using
      errcode = 'MK422', detail = 'Relevance is relevance to q.', hint = 'Send q, or another sort.', column = 'sort';
  end if;
  if p_sort in ('title', 'price_asc', 'price_desc') and not p_is_bounded then
    raise exception 'catalog.sort_needs_status' using
      errcode = 'MK422',
      detail = 'This order of everything needs a status or a store.',
      hint = 'Send status or sellerId as well.',
      column = 'sort';
  end if;
  if (p_price_min_minor is not null or p_price_max_minor is not null or p_sort in ('price_asc', 'price_desc'))
     and p_currency is null then
    raise exception 'catalog.currency_required' using
      errcode = 'MK422', detail = 'Prices compare within a currency.', hint = 'Send currency as well.', column = 'currency';
  end if;
  if p_currency !~ '^[A-Z]{3}$' then
    raise exception 'catalog.currency_unknown' using
      errcode = 'MK422', detail = 'A currency is three capital letters.', hint = 'Send an ISO 4217 code such as USD.', column = 'currency';
  end if;
  if p_price_min_minor < 0 or p_price_max_minor < 0 or p_price_min_minor > p_price_max_minor then
    raise exception 'catalog.price_range_invalid' using
      errcode = 'MK422', detail = 'A price range goes from a smaller to a larger amount.',
      hint = 'Swap priceMin and priceMax, or leave one out.',
      column = 'priceMin';
  end if;
  if length(p_query) > 200 then
    raise exception 'catalog.query_invalid' using
      errcode = 'MK422', detail = 'A search has at most 200 characters.',
      hint = 'Search for fewer words.',
      column = 'q';
  end if;
end;
$$;
comment on function catalog._assert_product_filter(text, bigint, bigint, text, text, text, boolean, boolean) is
  'Checks the filters and the order of a product list.';
