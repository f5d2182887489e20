-- What a price was is a fact: no UPDATE and no DELETE of catalog.price_history, by anybody.
-- Locks: none. Events: none. Problems: MK409 catalog.price_history_immutable.
create or replace function catalog.trigger_price_history_immutable()
returns trigger
language plpgsql
as $$
begin
  raise exception 'catalog.price_history_immutable' using
    errcode = 'MK409',
    detail = format('%s of catalog.price_history is refused: it tells what prices were.', tg_op),
    hint = 'Change the price; the history gets another row.';
end;
$$;
comment on function catalog.trigger_price_history_immutable() is 'Trigger: refuses changes of the price history.';
create or replace trigger price_history_immutable
  before update or delete on catalog.price_history
  for each statement execute function catalog.trigger_price_history_immutable();
