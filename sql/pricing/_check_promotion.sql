-- Checks the fields of a promotion before it is written or activated. Private; reads only.
-- Problems: MK422 pricing.promotion_invalid, seller_unknown, category_unknown, product_unknown, currency_unknown.
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
    when not coalesce(p.type in ('PERCENTAGE', 'FIXED_AMOUNT', 'FREE_SHIPPING'), false)
      then array['type', 'The type is PERCENTAGE, FIXED_AMOUNT or FREE_SHIPPING.']
    when not coalesce(p.target in ('ORDER', 'LINES', 'SHIPPING'), false)
      then array['target', 'The target is ORDER, LINES or SHIPPING.']
    when (p.type = 'FREE_SHIPPING') <> (p.target = 'SHIPPING')
      then array['target', 'FREE_SHIPPING goes with target SHIPPING, the other types with ORDER or LINES.']
    when (p.type = 'PERCENTAGE') <> coalesce(p.percent_bp between 1 and 10000, false) or (p.type <> 'PERCENTAGE' and p.percent_bp is not null)
      then array['percentBp', 'PERCENTAGE takes 1 to 10000 basis points, the other types take none.']
    when (p.type = 'FIXED_AMOUNT') <> coalesce(p.amount_minor between 1 and 100000000000, false)
      or (p.type <> 'FIXED_AMOUNT' and p.amount_minor is not null)
      then array['amount', 'FIXED_AMOUNT takes a positive amount, the other types take none.']
    when p.currency is null and (p.amount_minor is not null or p.min_subtotal_minor is not null)
      then array['currency', 'An amount or a minimum needs its currency.']
    when p.min_subtotal_minor not between 1 and 10000000000000 then array['minSubtotal', 'A minimum is positive.']
    when p.coupon_code !~ '^[A-Z0-9][A-Z0-9_-]{2,39}$'
      then array['couponCode', 'A coupon code has 3 to 40 letters, digits, dashes or underscores.']
    when p.ends_at <= p.starts_at then array['endsAt', 'A promotion ends after it starts.']
    when p.usage_limit < 1 then array['usageLimit', 'A usage limit is 1 or more.']
    when p.buyer_limit < 1 then array['buyerLimit', 'A limit per buyer is 1 or more.']
    when p.priority not between -1000000 and 1000000 then array['priority', 'A priority is -1000000 to 1000000.']
    when cardinality(p.category_ids) > 100 then array['categoryIds', 'At most 100 categories.']
    when cardinality(p.product_ids) > 100 then array['productIds', 'At most 100 products.']
    when cardinality(p.seller_ids) > 100 then array['sellerIds', 'At most 100 sellers.']
    when p.seller_id is not null and p.seller_ids is not null
      then array['sellerIds', 'A seller''s own promotion applies to that seller''s lines only.'] end;
  if v_problem is not null then
    perform pricing._invalid('pricing.promotion_invalid', v_problem[1], v_problem[2]);
  end if;
  perform pricing._check_references(p.seller_ids, p.category_ids, p.product_ids, p.currency::text,
                                    'sellerIds', 'categoryIds', 'productIds', 'currency');
end
$$;
comment on function pricing._check_promotion(pricing.promotions) is 'Refuses a malformed promotion, naming the field.';
