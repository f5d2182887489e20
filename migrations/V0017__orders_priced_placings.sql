-- What one look at the database makes of a batch of placings: everything that prices them, read in one snapshot.
create type orders.priced_placings as (
  placings orders.placing[], baskets pricing.basket[], lines pricing.basket_line[], shipping pricing.basket_shipping[],
  adjustments pricing.adjustment[]
);
comment on type orders.priced_placings is 'A batch of placings with their prices, fees and discounts, before stock and limits are looked at.';
