-- Writes the prices of an offer: what is not among them goes, what did not change stays untouched. The base price goes to the
-- offer; a row of its own it has only for its sale. Called by other functions only, under the locks of catalog._lock_offer.
-- Locks: none of its own. Events: none. Problems: none.
create or replace function catalog._write_offer_prices(p_offer catalog.offers, p_prices catalog.offer_prices[], p_now timestamptz)
returns void
language plpgsql
volatile
as $$
declare
  v_base_minor bigint;
begin
  select p.price_minor into v_base_minor
    from unnest(p_prices) as p
   where p.currency = p_offer.currency and p.min_quantity = 1;
  delete from catalog.offer_prices as q
   where q.seller_id = p_offer.seller_id and q.variant_id = p_offer.variant_id
     and not exists (select 1
                       from unnest(p_prices) as p
                      where p.currency = q.currency and p.min_quantity = q.min_quantity
                        and (p.sale_minor is not null or (p.currency, p.min_quantity) <> (p_offer.currency, 1)));
  insert into catalog.offer_prices as q
    (seller_id, variant_id, currency, min_quantity, price_minor, sale_minor, sale_from, sale_until)
  select p.seller_id, p.variant_id, p.currency, p.min_quantity,
         case when (p.currency, p.min_quantity) <> (p_offer.currency, 1) then p.price_minor end,
         p.sale_minor, p.sale_from, p.sale_until
    from unnest(p_prices) as p
   where p.sale_minor is not null or (p.currency, p.min_quantity) <> (p_offer.currency, 1)
  on conflict (seller_id, variant_id, currency, min_quantity) do update
     set price_minor = excluded.price_minor, sale_minor = excluded.sale_minor, sale_from = excluded.sale_from,
         sale_until = excluded.sale_until
   where (q.price_minor, q.sale_minor, q.sale_from, q.sale_until)
         is distinct from (excluded.price_minor, excluded.sale_minor, excluded.sale_from, excluded.sale_until);
  update catalog.offers as o
     set price_minor = v_base_minor, version = o.version + 1, updated_at = p_now
   where o.seller_id = p_offer.seller_id and o.variant_id = p_offer.variant_id;
  update catalog.variants as v
     set version = v.version + 1, updated_at = p_now
   where v.variant_id = p_offer.variant_id;
end;
$$;
comment on function catalog._write_offer_prices(catalog.offers, catalog.offer_prices[], timestamptz) is 'Writes the prices of an offer.';
