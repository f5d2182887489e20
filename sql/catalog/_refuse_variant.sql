-- Says that there is no such variant. Called by other functions only. Locks: none. Events: none.
-- Problems: MK404 catalog.variant_not_found.
create or replace function catalog._refuse_variant()
returns void
language plpgsql
stable
as $$
begin
  raise exception 'catalog.variant_not_found' using
    errcode = 'MK404',
    detail = 'There is no such variant, or you may not see it.',
    hint = 'GET /products/{productId}/variants lists those that you may see.';
end;
$$;
comment on function catalog._refuse_variant() is 'Raises catalog.variant_not_found.';
