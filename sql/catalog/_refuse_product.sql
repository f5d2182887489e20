-- Says that there is no such product. Called by other functions only. Locks: none. Events: none.
-- Problems: MK404 catalog.product_not_found.
create or replace function catalog._refuse_product()
returns void
language plpgsql
stable
as $$
begin
  raise exception 'catalog.product_not_found' using
    errcode = 'MK404',
    detail = 'There is no such product, or you may not see it.',
    hint = 'GET /products lists those that you may see.';
end;
$$;
comment on function catalog._refuse_product() is 'Raises catalog.product_not_found.';
