-- Refuses to change a product that was archived. Called by other functions only. Locks: none. Events: none.
-- Problems: MK409 catalog.product_archived.
create or replace function catalog._assert_not_archived(p_product catalog.products)
returns void
language plpgsql
immutable
as $$
begin
  if p_product.status = 'ARCHIVED' then
    raise exception 'catalog.product_archived' using
      errcode = 'MK409',
      detail = 'An archived product does not change any more.',
      hint = 'Create a new product.';
  end if;
end;
$$;
comment on function catalog._assert_not_archived(catalog.products) is 'Refuses to change an archived product.';
