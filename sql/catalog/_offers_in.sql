-- The offers of a variant as the API shows them in one currency, cheapest first; those that are not sold in it are left out.
-- Called by the reads that take a currency. Locks: none. Events: none. Problems: none.
create or replace function catalog._offers_in(p_variant_id uuid, p_status text, p_currency text)
returns jsonb
language plpgsql
stable
as $$
begin
  return coalesce(
    (select jsonb_agg(o.document order by o.unit_price_minor, o.seller_id)
       from catalog.offer_price as o
      where o.variant_id = p_variant_id and o.status = p_status and o.currency = p_currency::bpchar), '[]');
end;
$$;
comment on function catalog._offers_in(uuid, text, text) is 'The offers of a variant as the API shows them in one currency.';
