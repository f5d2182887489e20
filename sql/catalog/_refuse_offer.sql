-- Says that there is no such offer. Called by other functions only. Locks: none. Events: none.
-- Problems: MK404 catalog.offer_not_found.
create or replace function catalog._refuse_offer()
returns void
language plpgsql
stable
as $$
begin
  raise exception 'catalog.offer_not_found' using
    errcode = 'MK404',
    detail = 'There is no such offer, or you may not see it.',
    hint = 'GET /variants/{variantId} lists the offers of a variant.';
end;
$$;
comment on function catalog._refuse_offer() is 'Raises catalog.offer_not_found.';
