-- Refuses new variants that do not go with those a product has: too many, other axes, a combination or a SKU that exists,
-- another currency. Called by other functions only, under the product's lock. Locks: none of its own. Events: none.
-- Problems: MK422 catalog.too_many_variants, catalog.axes_mismatch, catalog.currency_mismatch, MK409
-- catalog.variant_exists, catalog.sku_taken.
create or replace function catalog._assert_new_variants(
  p_product catalog.products, p_variants catalog.new_variant[], p_max bigint)
returns void
language plpgsql
stable
as $$
declare
  v_found text;
begin
  if cardinality(p_variants) + (select count(*) from catalog.variants as v
                                 where v.product_id = p_product.product_id and v.status = 'ACTIVE') > p_max then
    raise exception 'catalog.too_many_variants' using
      errcode = 'MK422', detail = format('A product has at most %s variants.', p_max), hint = 'Name fewer options.',
      column = 'axes';
  end if;
  if (select count(distinct array(select jsonb_object_keys(x.axis_values) order by 1))
        from (select n.axis_values from unnest(p_variants) as n
              union all
              select v.axis_values from catalog.variants as v
               where v.product_id = p_product.product_id and v.status = 'ACTIVE') as x) > 1 then
    raise exception 'catalog.axes_mismatch' using
      errcode = 'MK422',
      detail = 'All variants of a product have the same axes.',
      hint = 'GET /products/{id}/variants tells which axes it has.',
      column = 'axisValues';
  end if;
  if exists (select 1
               from unnest(p_variants) as n
               join catalog.variants as v
                 on v.product_id = p_product.product_id and v.status = 'ACTIVE' and v.axis_values = n.axis_values) then
    raise exception 'catalog.variant_exists' using
      errcode = 'MK409',
      detail = 'The product has a variant with this combination already.',
      hint = 'Change the existing variant, or choose another combination.',
      column = 'axisValues';
  end if;
  select n.sku into v_found
    from unnest(p_variants) as n
   group by n.sku
  having count(*) > 1
      or exists (select 1 from catalog.offers as o
                  where o.seller_id = p_product.seller_id and o.sku = n.sku and o.status = 'ACTIVE')
   limit 1;
  if found then
    perform catalog._refuse_sku(v_found);
  end if;
  perform catalog._assert_currency(p_product.product_id, n.currency, null) from unnest(p_variants) as n;
  if (select count(distinct n.currency) from unnest(p_variants) as n) > 1 then
    raise exception 'catalog.currency_mismatch' using
      errcode = 'MK422', detail = 'All prices of a product are in one currency.',
      hint = 'Give all prices in the currency of the variants that exist.',
      column = 'price/currency';
  end if;
end;
$$;
comment on function catalog._assert_new_variants(catalog.products, catalog.new_variant[], bigint) is
  'Refuses new variants that do not go with those a product has.';
