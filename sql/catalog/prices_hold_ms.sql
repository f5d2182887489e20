-- For how long, in milliseconds, a product's answers about prices stay what they are unless somebody changes them: until a sale begins
-- or ends, or a price leaves the 30 days that the lowest price is of. Rather too short than too long; null when nothing is to come.
-- For the program's read cache, beside the read of a product. Locks: none. Events: none. Problems: none.
create or replace function catalog.prices_hold_ms(p_product_id uuid)
returns bigint
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
begin
  return (
    select floor(extract(epoch from min(m.moment) - v_now) * 1000)::bigint
      from catalog.variants as v
      join catalog.offers as o on o.variant_id = v.variant_id
     cross join lateral (
           select p.sale_from, p.sale_until, null::timestamptz as valid_from
             from catalog.offer_prices as p
            where p.seller_id = o.seller_id and p.variant_id = o.variant_id and p.sale_minor is not null
            union all
           select h.sale_from, h.sale_until, h.valid_from
             from catalog.price_history as h
            where h.seller_id = o.seller_id and h.variant_id = o.variant_id
              -- what held 30 days ago, and what came since
              and h.valid_from >= coalesce((select max(d.valid_from)
                                              from catalog.price_history as d
                                             where d.seller_id = h.seller_id and d.variant_id = h.variant_id
                                               and d.currency = h.currency and d.valid_from <= v_now - interval '30 days'),
                                           '-infinity')) as b
     cross join lateral (values (b.sale_from), (b.sale_until), (b.valid_from), (b.sale_from + interval '30 days'),
                                (b.sale_until + interval '30 days'), (b.valid_from + interval '30 days')) as m (moment)
     where v.product_id = p_product_id and m.moment > v_now and isfinite(m.moment));
end;
$$;
comment on function catalog.prices_hold_ms(uuid) is
  'For how many milliseconds the prices of a product stay what they are unless somebody changes them; null when no end is known.';
grant execute on function catalog.prices_hold_ms(uuid) to tradepost_api;
