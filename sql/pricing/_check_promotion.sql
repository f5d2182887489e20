-- Checks the fields of a promotion before it is written or activated: its general fields here, its value and its policy in helpers.
-- Private; reads only.
-- Problems: MK422 pricing.promotion_invalid, seller_unknown, category_unknown, product_unknown, variant_unknown, currency_unknown.
create or replace function pricing._check_promotion(p_promotion pricing.promotions)
returns void
language plpgsql
stable
as $$
declare
  p constant pricing.promotions := p_promotion;
  v_problem text[];
begin
  v_problem := case
    when length(coalesce(p.name, '')) not between 1 and 100 then array['name', 'A name has 1 to 100 characters.']
    when length(p.description) > 2000 then array['description', 'A description has at most 2000 characters.']
    when p.min_subtotal_minor not between 1 and 10000000000000 then array['minSubtotal', 'A minimum is positive.']
    when p.min_quantity not between 1 and 100000 then array['minQuantity', 'A minimum quantity is 1 to 100000.']
    when p.coupon_code !~ '^[A-Z0-9][A-Z0-9_-]{2,39}$'
      then array['couponCode', 'A coupon code has 3 to 40 letters, digits, dashes or underscores.']
    when p.ends_at <= p.starts_at then array['endsAt', 'A promotion ends after it starts.']
    when p.usage_limit < 1 then array['usageLimit', 'A usage limit is 1 or more.']
    when p.buyer_limit < 1 then array['buyerLimit', 'A limit per buyer is 1 or more.']
    when p.budget_minor not between 1 and 10000000000000 then array['budget', 'A budget is positive.']
    when cardinality(p.category_ids) > 100 then array['categoryIds', 'At most 100 categories.']
    when cardinality(p.product_ids) > 100 then array['productIds', 'At most 100 products.']
    when cardinality(p.variant_ids) > 100 then array['variantIds', 'At most 100 variants.']
    when cardinality(p.seller_ids) > 100 then array['sellerIds', 'At most 100 sellers.']
    when p.seller_id is not null and p.seller_ids is not null
      then array['sellerIds', 'A seller''s own promotion applies to that seller''s lines only.'] end;
  v_problem := coalesce(v_problem, pricing._bad_value(p), pricing._bad_policy(p));
  if v_problem is not null then
    perform pricing._invalid('pricing.promotion_invalid', v_problem[1], v_problem[2]);
  end if;
  perform pricing._check_references(p.seller_ids, p.category_ids, p.product_ids, p.currency::text,
                                    'sellerIds', 'categoryIds', 'productIds', 'currency');
  perform pricing._check_variants(p.variant_ids, 'variantIds');
  perform pricing._check_variants(array[p.gift_variant_id], 'gift/variantId');
  perform pricing._check_references(array[p.gift_seller_id], null, null, null, 'gift/sellerId', '', '', '');
  perform pricing._check_bundle_references(p.bundle);
end
$$;
comment on function pricing._check_promotion(pricing.promotions) is 'Refuses a malformed promotion, naming the field.';
