-- Raises MK422 with a code, a sentence and the field at fault. Private.
-- Problems: pricing.rule_invalid, promotion_invalid, basket_invalid, quantity_invalid, seller_unknown, category_unknown,
-- product_unknown, variant_unknown, currency_unknown, rate_invalid, filter_invalid, batch_invalid, group_invalid,
-- price_list_invalid, list_prices_invalid, group_unknown (p_code).
create or replace function pricing._invalid(p_code text, p_field text, p_detail text)
returns void
language plpgsql
stable
as $$
begin
  raise exception '%', p_code using
    errcode = 'MK422', detail = p_detail, hint = 'Correct the field and send the request again.', column = p_field;
end
$$;
comment on function pricing._invalid(text, text, text) is 'Refuses a request because of one field.';
