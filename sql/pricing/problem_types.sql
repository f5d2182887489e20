insert into core.problem_types (code, status, title, description) values
  ('pricing.variant_unavailable', 422, 'Variant not for sale',
   'A line asks for a variant that no active seller, or not the named one, offers now.'),
  ('pricing.currency_mismatch', 422, 'Not sold in this currency',
   'The variant is for sale, but not in the currency of the basket.'),
  ('pricing.coupon_unknown', 422, 'Unknown coupon', 'No promotion has this coupon code.'),
  ('pricing.coupon_inactive', 422, 'Coupon not active', 'The promotion behind the coupon is paused or has ended.'),
  ('pricing.coupon_not_started', 422, 'Coupon not valid yet', 'The promotion behind the coupon starts later.'),
  ('pricing.coupon_expired', 422, 'Coupon expired', 'The time window of the promotion behind the coupon is over.'),
  ('pricing.coupon_currency_mismatch', 422, 'Coupon for another currency',
   'The promotion behind the coupon is for orders in another currency.'),
  ('pricing.coupon_no_match', 422, 'Coupon matches nothing', 'No line of the basket is among the goods of the coupon.'),
  ('pricing.coupon_minimum_not_met', 422, 'Minimum not met',
   'The lines that the coupon matches do not reach its minimum subtotal; the detail names the missing amount.'),
  ('pricing.coupon_usage_limit_reached', 409, 'Coupon used up', 'The coupon was used as often as it may be in all.'),
  ('pricing.coupon_buyer_limit_reached', 409, 'Coupon used up by the buyer',
   'The buyer has used the coupon as often as one buyer may.')
on conflict (code) do update
set status = excluded.status, title = excluded.title, description = excluded.description;
