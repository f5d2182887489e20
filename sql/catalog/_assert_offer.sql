-- Checks SKU and price of an offer; p_field is where they stand in the request ('' or 'overrides/0/').
-- Called by other functions only. Locks: none. Events: none.
-- Problems: MK422 catalog.sku_invalid, catalog.price_invalid, catalog.currency_unknown.
create or replace function catalog._assert_offer(p_sku text, p_price_minor bigint, p_currency text, p_field text)
returns void
language plpgsql
stable
as $$
begin
  if coalesce(p_sku, '') !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' then
    raise exception 'catalog.sku_invalid' using
      errcode = 'MK422',
      detail = format('%s is not a SKU.', coalesce(nullif(left(p_sku, 100), ''), 'Nothing')),
      hint = 'A SKU has 1 to 64 letters, digits, dots, hyphens or underscores, and begins with a letter or digit.',
      column = p_field || 'sku';
  end if;
  if coalesce(p_price_minor, 0) not between 1 and 100000000000 then
    raise exception 'catalog.price_invalid' using
      errcode = 'MK422',
      detail = 'A price is from 1 to 100000000000 minor units.',
      hint = 'Give an amount in minor units, such as 1999 for 19.99.',
      column = p_field || 'price/amountMinor';
  end if;
  if not exists (select 1 from core.currencies as c where c.currency = p_currency) then
    raise exception 'catalog.currency_unknown' using
      errcode = 'MK422',
      detail = format('%s is not a currency of this marketplace.', coalesce(left(p_currency, 10), 'Nothing')),
      hint = 'Use an ISO 4217 code that the marketplace trades in, such as USD.',
      column = p_field || 'price/currency';
  end if;
end;
$$;
comment on function catalog._assert_offer(text, bigint, text, text) is 'Checks SKU and price of an offer.';
