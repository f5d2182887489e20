-- Checks the shape of a basket that is to be priced. Private; reads only.
-- Problems: MK422 pricing.basket_invalid, pricing.quantity_invalid, pricing.currency_unknown.
create or replace function pricing._check_basket(p_lines jsonb, p_currency text, p_coupon_codes text[])
returns void
language plpgsql
stable
as $$
declare
  v_bad integer;
begin
  if not exists (select from core.currencies as c where c.currency = p_currency) then
    perform pricing._invalid('pricing.currency_unknown', 'currency', 'The currency is not one this marketplace trades in.');
  end if;
  if jsonb_typeof(p_lines) is distinct from 'array'
     or jsonb_array_length(p_lines) not between 1 and core._setting_int('orders.lines_max') then
    perform pricing._invalid('pricing.basket_invalid', 'lines',
                             format('A basket has 1 to %s lines.', core._setting_int('orders.lines_max')));
  end if;
  if cardinality(p_coupon_codes) > 10 then
    perform pricing._invalid('pricing.basket_invalid', 'couponCodes', 'A basket takes at most 10 coupon codes.');
  end if;
  select min(l.n) - 1 into v_bad
  from jsonb_array_elements(p_lines) with ordinality as l (line, n)
  where not coalesce((l.line ->> 'quantity')::numeric between 1 and core._setting_int('orders.line_quantity_max'), false);
  if v_bad is not null then
    perform pricing._invalid('pricing.quantity_invalid', format('lines/%s/quantity', v_bad),
                             format('A line takes 1 to %s units.', core._setting_int('orders.line_quantity_max')));
  end if;
end
$$;
comment on function pricing._check_basket(jsonb, text, text[]) is 'Refuses a malformed basket, naming the field.';
