-- Refuses a second currency among the active offers of a product; p_except is the variant that is about to change.
-- Called by other functions only, under the product's lock. Locks: none. Events: none.
-- Problems: MK422 catalog.currency_mismatch.
create or replace function catalog._assert_currency(p_product_id uuid, p_currency text, p_except uuid)
returns void
language plpgsql
stable
as $$
declare
  v_currency text;
begin
  select o.currency into v_currency
    from catalog.variants as v
    join catalog.offers as o on o.variant_id = v.variant_id and o.status = 'ACTIVE'
   where v.product_id = p_product_id
     and v.status = 'ACTIVE'
     and v.variant_id is distinct from p_except
     and o.currency <> p_currency
   limit 1;
  if found then
    raise exception 'catalog.currency_mismatch' using
      errcode = 'MK422',
      detail = format('The product''s other prices are in %s.', v_currency),
      hint = 'All prices of a product are in one currency.',
      column = 'price/currency';
  end if;
end;
$$;
comment on function catalog._assert_currency(uuid, text, uuid) is 'Refuses a second currency among the offers of a product.';
