-- Whoever changes the base price of an offer, by whichever function or by hand, leaves a row in catalog.price_history; another
-- currency or status also in the currencies that end or begin with it.
-- Locks: none of its own (the offer's row is locked by its writer). Events: none. Problems: none.
create or replace function catalog.trigger_price_history()
returns trigger
language plpgsql
as $$
declare
  v_now constant timestamptz := core.now();
  v_currency char(3);
begin
  perform catalog._record_price(new.seller_id, new.variant_id, new.currency, v_now);
  if tg_op = 'UPDATE' and (new.currency <> old.currency or new.status <> old.status) then
    for v_currency in
      select distinct h.currency
        from catalog.price_history as h
       where h.seller_id = new.seller_id and h.variant_id = new.variant_id and h.currency <> new.currency
    loop
      perform catalog._record_price(new.seller_id, new.variant_id, v_currency, v_now);
    end loop;
  end if;
  return null;
end;
$$;
comment on function catalog.trigger_price_history() is 'Trigger: every change of a base price leaves a row in catalog.price_history.';
create or replace trigger offers_price_history
  after insert or update of price_minor, currency, status on catalog.offers
  for each row execute function catalog.trigger_price_history();
