-- Price lists as the API shows them.
create or replace view pricing.view_price_list as
select l.price_list_id, l.seller_id, l.name, l.group_code, l.priority, l.is_active, l.starts_at, l.ends_at, l.version, l.created_at,
       l.updated_at, core._encode_cursor(l.price_list_id::text) as page_cursor
from pricing.price_lists as l;
comment on view pricing.view_price_list is 'Price lists of buyer groups.';
