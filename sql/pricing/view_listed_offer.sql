-- What an offer costs in a price list, as the API shows it; version is the list's.
create or replace view pricing.view_listed_offer as
select e.price_list_id, e.seller_id, e.variant_id, l.version,
       jsonb_agg(jsonb_build_object('price', core._money(e.price_minor, e.currency), 'minQuantity', e.min_quantity)
                 order by e.currency, e.min_quantity) as prices,
       core._encode_cursor(e.variant_id::text, e.seller_id::text) as page_cursor
from pricing.list_prices as e
join pricing.price_lists as l on l.price_list_id = e.price_list_id
group by e.price_list_id, e.seller_id, e.variant_id, l.version;
comment on view pricing.view_listed_offer is 'The prices of each offer in each price list (jsonb, camelCase).';
