-- What is wrong with the policy of a promotion (how it combines, what caps it, who pays): field and sentence, or null.
-- A seller's own promotion has no say over others': it could keep the marketplace's or another seller's from acting on lines that
-- are not that seller's. Private; reads nothing.
create or replace function pricing._bad_policy(p_promotion pricing.promotions)
returns text[]
language plpgsql
immutable
as $$
declare
  p constant pricing.promotions := p_promotion;
begin
  return case
    when p.priority not between -1000000 and 1000000 then array['priority', 'A priority is -1000000 to 1000000.']
    when p.base not in ('SEQUENTIAL', 'ORIGINAL') then array['base', 'The base is SEQUENTIAL or ORIGINAL.']
    when p.exclusivity_group !~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$'
      then array['exclusivityGroup', 'A group has 1 to 40 letters, digits, dashes or underscores.']
    when p.group_mode not in ('FIRST', 'BEST') then array['groupMode', 'The mode is FIRST or BEST.']
    when p.group_mode is not null and p.exclusivity_group is null then array['groupMode', 'A mode belongs to an exclusivityGroup.']
    when not p.combines_with <@ '{ORDER,LINE,SHIPPING}'::text[]
      then array['combinesWith', 'The classes are ORDER, LINE and SHIPPING.']
    when p.seller_id is not null and p.is_exclusive then array['exclusive', 'Only the marketplace''s promotions can be exclusive.']
    when p.seller_id is not null and p.stops_further then array['stopsFurther', 'Only the marketplace''s promotions can stop others.']
    when p.seller_id is not null and p.exclusivity_group is not null
      then array['exclusivityGroup', 'Only the marketplace''s promotions can be in a group.']
    when p.seller_id is not null and cardinality(p.combines_with) < 3
      then array['combinesWith', 'Only the marketplace''s promotions can refuse to combine.']
    when p.max_order_minor not between 1 and 10000000000000 then array['maxPerOrder', 'A cap is positive.']
    when p.max_line_minor not between 1 and 10000000000000 then array['maxPerLine', 'A cap is positive.']
    when p.floor_bp not between 0 and 10000 then array['floorBp', 'A floor is 0 to 10000 basis points.']
    when p.type = 'GIFT' and p.max_order_minor is not null then array['maxPerOrder', 'A gift is given whole: it takes no cap.']
    when p.type = 'GIFT' and p.max_line_minor is not null then array['maxPerLine', 'A gift is given whole: it takes no cap.']
    when p.type = 'GIFT' and p.floor_bp > 0 then array['floorBp', 'A gift is given whole: it takes no floor.']
    when p.funding not in ('PLATFORM', 'SELLER', 'SHARED') then array['funding', 'The platform pays, the seller pays, or it is SHARED.']
    when p.seller_id is not null and p.funding <> 'SELLER' then array['funding', 'A seller pays for its own promotions.']
    when p.funding = 'SELLER' and p.seller_share_bp <> 10000 then array['sellerShareBp', 'With funding SELLER the seller bears 10000.']
    when p.funding = 'PLATFORM' and p.seller_share_bp <> 0 then array['sellerShareBp', 'With funding PLATFORM the seller bears 0.']
    when p.seller_share_bp not between 0 and 10000 then array['sellerShareBp', 'A share is 0 to 10000 basis points.']
    when p.platform_cap_minor is not null and p.funding <> 'SHARED' then array['platformCap', 'A cap of the platform goes with funding SHARED.']
    when p.platform_cap_minor not between 0 and 10000000000000 then array['platformCap', 'A cap is zero or more.']
    when p.currency is null and coalesce(p.max_order_minor, p.max_line_minor, p.platform_cap_minor, p.budget_minor) is not null
      then array['currency', 'Caps and budgets need a currency.'] end;
end
$$;
comment on function pricing._bad_policy(pricing.promotions) is 'What is wrong with a promotion''s policy, as field and sentence.';
