-- Locks the stock and the counters that the placings of a batch may need whatever number the order of each will have: it depends on
-- which of the same buyer before it are granted. Private. Locks: stock rows by (variant_id, seller_id), promotion counters.
create or replace function orders._lock_ahead(p_placings orders.placing[], p_now timestamptz)
returns void
language plpgsql
volatile
as $$
declare
  v_baskets constant pricing.basket[] := array(select b from orders._baskets(p_placings) as b);
  v_numbered constant pricing.basket[] := v_baskets || array(select b from orders._numbered_otherwise(v_baskets) as b);
  v_lines pricing.basket_line[] := array(
    select l from unnest(orders._resolved_lines(p_placings, p_now)) as l where l.problem_code is null);
  v_shipping constant pricing.basket_shipping[] := array(select s from pricing._shipping_fees(v_lines, v_baskets) as s);
begin
  v_lines := v_lines || array(
    select distinct on (g.basket_no, g.gift_of) g from pricing._gift_lines(v_numbered, v_lines, p_now) as g
    order by g.basket_no, g.gift_of);
  perform inventory._lock_stock(array(select row(l.seller_id, l.variant_id)::inventory.stock_key from unnest(v_lines) as l));
  perform orders._lock_limits(p_placings, v_numbered, v_lines, v_shipping, '{}', p_now);
end
$$;
comment on function orders._lock_ahead(orders.placing[], timestamptz) is
  'Locks what a batch may need that is placed in parts.';
