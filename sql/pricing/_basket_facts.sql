-- What conditions may ask of a basket, as a document: {lines: [facts of lines], subtotal, quantity, currency, segment: [codes],
-- orderNumber?, weekday (Monday 1), minute (of the day), coupon: [codes], country?}; the clock is UTC's. p_lines, subtotal and
-- quantity are those of the one seller for a seller's own promotion, of the whole basket otherwise. Unknown facts are null or
-- empty: no leaf about them holds. Private.
create or replace function pricing._basket_facts(
  p_basket pricing.basket, p_lines jsonb, p_subtotal_minor bigint, p_quantity bigint, p_now timestamptz
)
returns jsonb
language sql
immutable
as $$
  select jsonb_build_object(
    'lines', p_lines, 'subtotal', p_subtotal_minor, 'quantity', p_quantity, 'currency', p_basket.currency,
    'segment', coalesce(to_jsonb(p_basket.group_codes), '[]'), 'orderNumber', p_basket.order_number,
    'weekday', extract(isodow from p_now at time zone 'UTC')::integer,
    'minute', (extract(hour from p_now at time zone 'UTC') * 60 + extract(minute from p_now at time zone 'UTC'))::integer,
    'coupon', (select coalesce(jsonb_agg(upper(c)), '[]') from unnest(p_basket.coupon_codes) as c),
    'country', p_basket.country)
$$;
comment on function pricing._basket_facts(pricing.basket, jsonb, bigint, bigint, timestamptz) is
  'The facts of a basket that conditions are evaluated over.';
