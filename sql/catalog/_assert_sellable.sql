-- Refuses a product that could not be sold as it is: its attribute values are valid and complete, at least one active
-- variant has an active offer, and a required axis is on the product or on each variant. At submit, approve, activate, and
-- when a change puts a product before a reviewer.
-- Called by other functions only, under the product's lock. Locks: those of catalog._validate_attributes. Events: none.
-- Problems: those of catalog._validate_attributes, MK409 catalog.product_without_offer.
create or replace function catalog._assert_sellable(p_product catalog.products)
returns void
language plpgsql
volatile
as $$
declare
  v_code text;
begin
  perform catalog._validate_attributes(p_product.category_id, p_product.attributes, true);
  if not exists (select 1
                   from catalog.variants as v
                   join catalog.offers as o on o.variant_id = v.variant_id and o.status = 'ACTIVE'
                  where v.product_id = p_product.product_id and v.status = 'ACTIVE') then
    raise exception 'catalog.product_without_offer' using
      errcode = 'MK409',
      detail = 'The product has no variant with a price.',
      hint = 'POST /products/{id}/variants creates one.';
  end if;
  select e.code into v_code
    from catalog._effective_attributes(p_product.category_id) as e
   where (e.definition).is_required
     and (e.definition).is_variant_axis
     and not p_product.attributes ? e.code
     and exists (select 1 from catalog.variants as v
                  where v.product_id = p_product.product_id and v.status = 'ACTIVE' and not v.axis_values ? e.code)
   order by e.line_no
   limit 1;
  if found then
    raise exception 'catalog.attribute_required' using
      errcode = 'MK422',
      detail = format('%s is required: on the product, or on each of its variants.', v_code),
      hint = 'Give the product the value, or make variants along this axis.',
      column = 'attributes/' || v_code;
  end if;
end;
$$;
comment on function catalog._assert_sellable(catalog.products) is 'Refuses a product that could not be sold as it is.';
