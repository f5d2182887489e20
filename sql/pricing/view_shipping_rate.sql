-- Shipping rates as their sellers see them.
create or replace view pricing.view_shipping_rate as
select r.seller_id, r.currency::text as currency, r.fee_minor, r.free_from_minor, r.version, r.updated_at
from pricing.shipping_rates as r;
comment on view pricing.view_shipping_rate is 'A seller''s flat shipping fee per order and currency.';
