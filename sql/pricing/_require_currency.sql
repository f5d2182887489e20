-- Refuses a currency in a path that the marketplace does not trade in. Private; reads only.
-- Problems: MK404 pricing.currency_not_found.
create or replace function pricing._require_currency(p_currency text)
returns void
language plpgsql
stable
as $$
begin
  if not exists (select from core.currencies as c where c.currency = p_currency) then
    raise exception 'pricing.currency_not_found' using
      errcode = 'MK404', detail = 'The currency is not one this marketplace trades in.',
      hint = 'Use an ISO 4217 code in capitals, such as USD.';
  end if;
end
$$;
comment on function pricing._require_currency(text) is 'Refuses an unknown currency in a path.';
