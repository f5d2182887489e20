-- Refuses a request because of one field. Called by other functions only. Locks: none. Events: none.
-- Problems: MK422 catalog.price_invalid, sale_invalid, offer_prices_invalid, currency_unknown (p_code).
create or replace function catalog._invalid(p_code text, p_field text, p_detail text, p_hint text)
returns void
language plpgsql
stable
as $$
begin
  raise exception '%', p_code using errcode = 'MK422', detail = p_detail, hint = p_hint, column = p_field;
end;
$$;
comment on function catalog._invalid(text, text, text, text) is 'Refuses a request because of one field.';
