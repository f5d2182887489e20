-- Reads a price {amountMinor, currency} from a request. Called by other functions only.
-- Locks: none. Events: none. Problems: MK422 catalog.price_invalid.
create or replace function catalog._read_price(p_price jsonb, p_field text)
returns bigint
language plpgsql
immutable
as $$
begin
  if jsonb_typeof(p_price -> 'amountMinor') is distinct from 'number'
     or p_price ->> 'amountMinor' !~ '^[0-9]{1,12}$' then
    raise exception 'catalog.price_invalid' using
      errcode = 'MK422',
      detail = 'A price is {amountMinor, currency}, the amount a whole number of minor units from 1 to 100000000000.',
      hint = 'Send something like {"amountMinor": 1999, "currency": "USD"}.',
      column = p_field || 'price';
  end if;
  return (p_price ->> 'amountMinor')::bigint;
end;
$$;
comment on function catalog._read_price(jsonb, text) is 'Reads the amount of a price from a request.';
