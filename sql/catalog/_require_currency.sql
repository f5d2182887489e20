-- Refuses a currency that a read asks for and that the marketplace does not trade in; null is no question.
-- Called by other functions only. Locks: none. Events: none. Problems: MK422 catalog.currency_unknown.
create or replace function catalog._require_currency(p_currency text)
returns void
language plpgsql
stable
as $$
begin
  if p_currency is not null and not exists (select 1 from core.currencies as c where c.currency = p_currency) then
    raise exception 'catalog.currency_unknown' using
      errcode = 'MK422',
      detail = format('%s is not a currency of this marketplace.', left(p_currency, 10)),
      hint = 'Use an ISO 4217 code that the marketplace trades in, such as USD.',
      column = 'currency';
  end if;
end;
$$;
comment on function catalog._require_currency(text) is 'Refuses a currency that the marketplace does not trade in.';
