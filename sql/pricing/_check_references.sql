-- Checks that the sellers, categories, products and the currency that a rule or promotion names exist. Nulls are skipped.
-- Private; reads only. Problems: MK422 pricing.seller_unknown, category_unknown, product_unknown, currency_unknown.
create or replace function pricing._check_references(
  p_seller_ids uuid[], p_category_ids uuid[], p_product_ids uuid[], p_currency text,
  p_seller_field text, p_category_field text, p_product_field text, p_currency_field text
)
returns void
language plpgsql
stable
as $$
begin
  if exists (select from unnest(p_seller_ids) as i (id)
             where i.id is not null and not exists (select from identity.sellers as s where s.seller_id = i.id)) then
    perform pricing._invalid('pricing.seller_unknown', p_seller_field, 'There is no such seller.');
  end if;
  if exists (select from unnest(p_category_ids) as i (id)
             where i.id is not null and not exists (select from catalog.categories as c where c.category_id = i.id)) then
    perform pricing._invalid('pricing.category_unknown', p_category_field, 'There is no such category.');
  end if;
  if exists (select from unnest(p_product_ids) as i (id)
             where i.id is not null and not exists (select from catalog.products as p where p.product_id = i.id)) then
    perform pricing._invalid('pricing.product_unknown', p_product_field, 'There is no such product.');
  end if;
  if p_currency is not null and not exists (select from core.currencies as c where c.currency = p_currency) then
    perform pricing._invalid('pricing.currency_unknown', p_currency_field, 'The currency is not one this marketplace trades in.');
  end if;
end
$$;
comment on function pricing._check_references(uuid[], uuid[], uuid[], text, text, text, text, text) is
  'Refuses references to sellers, categories, products and currencies that do not exist.';
