-- Stock as it is counted, for reporting. Holds that have expired still count here until they are tidied up or needed.
create or replace view inventory.view_stock_level as
select s.seller_id, s.variant_id, s.on_hand, s.reserved, s.on_hand - s.reserved as available,
       s.low_stock_threshold, s.is_low, s.updated_at
from inventory.stock_levels as s;
comment on view inventory.view_stock_level is 'Counted stock of every offer, for reporting.';
grant select on inventory.view_stock_level to tradepost_readonly;
