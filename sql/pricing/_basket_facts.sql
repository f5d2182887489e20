-- What conditions may ask of a basket, as a document: {lines: [facts of lines], subtotal, quantity, currency, segment: [codes],
-- orderNumber?, weekday (Monday 1), minute (of the day), coupon: [codes], country?}; the clock is UTC's. Gifts are no part of it,
-- and for a seller's own promotion only that seller's lines are. Unknown facts are null or empty: no leaf about them holds.
-- p_facts are those of p_lines, in their order. Private.
create or replace function pricing._basket_facts(
  p_basket pricing.basket, p_seller_id uuid, p_lines pricing.basket_line[], p_facts jsonb[], p_now timestamptz
)
returns jsonb
language plpgsql
stable
as $$
begin
  return (
    select jsonb_build_object(
      'lines', coalesce(jsonb_agg(l.unnest), '[]'), 'subtotal', coalesce(sum(l.quantity * l.unit_price_minor), 0),
      'quantity', coalesce(sum(l.quantity), 0), 'currency', p_basket.currency,
      'segment', coalesce(to_jsonb(p_basket.group_codes), '[]'), 'orderNumber', p_basket.order_number,
      'weekday', extract(isodow from p_now at time zone 'UTC')::integer,
      'minute', (extract(epoch from (p_now at time zone 'UTC')::time)::integer / 60),
      'coupon', (select coalesce(jsonb_agg(upper(c)), '[]') from unnest(p_basket.coupon_codes) as c),
      'country', p_basket.country)
    from unnest(p_lines, p_facts) as l
    where l.basket_no = p_basket.basket_no and l.gift_of is null and (p_seller_id is null or l.seller_id = p_seller_id));
end
$$;
comment on function pricing._basket_facts(pricing.basket, uuid, pricing.basket_line[], jsonb[], timestamptz) is
  'The facts of a basket that conditions are evaluated over.';
