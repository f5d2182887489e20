-- What is wrong with the value of a promotion (type, target and the fields that belong to them): field and sentence, or null.
-- Private; reads nothing. The matrix of types and targets is in docs/pricing.md.
-- long: one case per rule, read top to bottom.
create or replace function pricing._bad_value(p_promotion pricing.promotions)
returns text[]
language plpgsql
immutable
as $$
declare
  p constant pricing.promotions := p_promotion;
  v_targets constant text[] := case p.type
    when 'PERCENTAGE' then '{ORDER,LINES,UNITS,SHIPPING}' when 'FIXED_AMOUNT' then '{ORDER,LINES,UNITS,SHIPPING}'
    when 'FIXED_PRICE' then '{LINES,UNITS}' when 'TIERED' then '{ORDER,LINES}' when 'FREE_SHIPPING' then '{SHIPPING}'
    when 'BUY_X_GET_Y' then '{LINES}' when 'BUNDLE' then '{LINES}' when 'GIFT' then '{LINES}' end;
begin
  return case
    when v_targets is null
      then array['type', 'The type is PERCENTAGE, FIXED_AMOUNT, FIXED_PRICE, BUY_X_GET_Y, TIERED, BUNDLE, FREE_SHIPPING or GIFT.']
    when not coalesce(p.target in ('ORDER', 'LINES', 'UNITS', 'SHIPPING'), false)
      then array['target', 'The target is ORDER, LINES, UNITS or SHIPPING.']
    when p.target <> all (v_targets)
      then array['target', format('%s goes with target %s.', p.type, array_to_string(v_targets, ', '))]
    when p.type in ('PERCENTAGE', 'BUY_X_GET_Y') and not coalesce(p.percent_bp between 1 and 10000, false)
      then array['percentBp', format('%s takes 1 to 10000 basis points.', p.type)]
    when p.type not in ('PERCENTAGE', 'BUY_X_GET_Y') and p.percent_bp is not null
      then array['percentBp', format('%s takes no percentage.', p.type)]
    when p.type = 'FIXED_AMOUNT' and not coalesce(p.amount_minor between 1 and 100000000000, false)
      then array['amount', 'FIXED_AMOUNT takes a positive amount.']
    when p.type <> 'FIXED_AMOUNT' and p.amount_minor is not null then array['amount', format('%s takes no amount.', p.type)]
    when p.type in ('FIXED_PRICE', 'BUNDLE') and not coalesce(p.price_minor between 0 and 100000000000, false)
      then array['price', format('%s takes a price of zero or more.', p.type)]
    when p.type not in ('FIXED_PRICE', 'BUNDLE') and p.price_minor is not null
      then array['price', format('%s takes no price.', p.type)]
    when p.target = 'UNITS' and not coalesce(p.unit_pick in ('CHEAPEST', 'DEAREST'), false)
      then array['unitPick', 'Target UNITS picks the CHEAPEST or the DEAREST units.']
    when p.target = 'UNITS' and not coalesce(p.unit_count between 1 and 1000, false)
      then array['unitCount', 'Target UNITS takes 1 to 1000 units.']
    when p.target <> 'UNITS' and (p.unit_pick is not null or p.unit_count is not null)
      then array[case when p.unit_pick is not null then 'unitPick' else 'unitCount' end, 'Units are picked for target UNITS only.']
    when p.type = 'BUY_X_GET_Y' and not coalesce(p.buy_quantity between 1 and 1000, false)
      then array['buyQuantity', 'BUY_X_GET_Y takes 1 to 1000 units to buy.']
    when p.type = 'BUY_X_GET_Y' and not coalesce(p.get_quantity between 1 and 1000, false)
      then array['getQuantity', 'BUY_X_GET_Y takes 1 to 1000 units to get.']
    when p.type <> 'BUY_X_GET_Y' and (p.buy_quantity is not null or p.get_quantity is not null)
      then array[case when p.buy_quantity is not null then 'buyQuantity' else 'getQuantity' end, 'Only BUY_X_GET_Y takes it.']
    when p.type = 'TIERED' and not coalesce(p.tier_by in ('SPEND', 'QUANTITY'), false)
      then array['tierBy', 'The tiers of TIERED are by SPEND or by QUANTITY.']
    when p.type <> 'TIERED' and (p.tier_by is not null or p.tiers is not null)
      then array[case when p.tier_by is not null then 'tierBy' else 'tiers' end, 'Only TIERED has tiers.']
    when p.type <> 'BUNDLE' and p.bundle is not null then array['bundle', 'Only BUNDLE has components.']
    when p.type = 'GIFT' and p.gift_variant_id is null then array['gift', 'GIFT names the variant to give.']
    when p.type <> 'GIFT' and p.gift_variant_id is not null then array['gift', 'Only GIFT gives something.']
    when p.gift_quantity not between 1 and 100 then array['gift/quantity', 'A gift is 1 to 100 units.']
    when p.gift_seller_id <> p.seller_id then array['gift/sellerId', 'A seller gives its own goods.']
    when p.type = 'TIERED' then pricing._bad_tiers(p.tiers, p.tier_by, p.currency::text)
    when p.type = 'BUNDLE' then pricing._bad_bundle(p.bundle)
    when p.currency is null and coalesce(p.amount_minor, p.price_minor, p.min_subtotal_minor) is not null
      then array['currency', 'An amount, a price or a minimum needs its currency.'] end;
end
$$;
comment on function pricing._bad_value(pricing.promotions) is 'What is wrong with a promotion''s type, target and value, as field and sentence.';
