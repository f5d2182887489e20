-- Whoever changes the price of one unit beside the base price (another currency, a sale), by whichever function or by hand, leaves
-- a row in catalog.price_history. A break is no price of one unit.
-- Locks: the offer. Events: none. Problems: none.
create or replace function catalog.trigger_price_history_of_prices()
returns trigger
language plpgsql
as $$
declare
  v_now constant timestamptz := core.now();
begin
  if tg_op <> 'INSERT' and old.min_quantity = 1 then
    perform catalog._record_price(old.seller_id, old.variant_id, old.currency, v_now);
  end if;
  if tg_op <> 'DELETE' and new.min_quantity = 1 then
    perform catalog._record_price(new.seller_id, new.variant_id, new.currency, v_now);
  end if;
  return null;
end;
$$;
comment on function catalog.trigger_price_history_of_prices() is
  'Trigger: every change of the price of one unit leaves a row in catalog.price_history.';
create or replace trigger offer_prices_price_history
  after insert or update or delete on catalog.offer_prices
  for each row execute function catalog.trigger_price_history_of_prices();
