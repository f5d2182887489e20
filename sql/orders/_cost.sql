-- What promotions took off orders of one currency, and who paid it, as a document of the API. Private.
create or replace function orders._cost(p_currency text, p_orders bigint, p_amount_minor numeric, p_seller_minor numeric)
returns jsonb
language sql
immutable
as $$
  select jsonb_build_object(
    'orders', p_orders,
    'discount', core._money(p_amount_minor::bigint, p_currency),
    'sellerCost', core._money(p_seller_minor::bigint, p_currency),
    'platformCost', core._money((p_amount_minor - p_seller_minor)::bigint, p_currency))
$$;
comment on function orders._cost(text, bigint, numeric, numeric) is 'A sum of discounts and who paid it, as a document.';
