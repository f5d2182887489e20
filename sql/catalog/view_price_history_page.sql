-- The shape of a row of catalog.list_price_history: a period of one price up to now, and the cursor of the row.
create or replace view catalog.price_history_page as
select p.currency::text as currency, p.price_minor, p.is_sale, p.since, p.until, core._encode_cursor(p.since::text) as page_cursor
  from catalog.price_period as p;
comment on view catalog.price_history_page is 'Periods of one price as the price history of an offer returns them.';
