-- Says that the store has an active offer with this SKU. Called by other functions only. Locks: none. Events: none.
-- Problems: MK409 catalog.sku_taken.
create or replace function catalog._refuse_sku(p_sku text)
returns void
language plpgsql
stable
as $$
begin
  raise exception 'catalog.sku_taken' using
    errcode = 'MK409',
    detail = case when p_sku is null then 'Another offer of the store has one of the SKUs.'
                  else format('An offer of the store has the SKU %s already, or the request names it twice.', p_sku) end,
    hint = 'Choose another SKU, or another skuPrefix.',
    column = 'sku';
end;
$$;
comment on function catalog._refuse_sku(text) is 'Raises catalog.sku_taken.';
