-- Second net: no statement, not even a manual one, moves a product's status along a way that is not a row of
-- catalog.product_transitions, and every product begins as DRAFT.
-- Locks: none. Events: none. Problems: MK409 catalog.transition_refused.
create or replace function catalog.trigger_product_status()
returns trigger
language plpgsql
volatile
as $$
begin
  if tg_op = 'INSERT' then
    if new.status = 'DRAFT' then
      return new;
    end if;
  elsif exists (select 1 from catalog.product_transitions as t
                 where t.from_status = old.status and t.to_status = new.status) then
    return new;
  end if;
  raise exception 'catalog.transition_refused' using
    errcode = 'MK409',
    detail = format('A product does not go from %s to %s.', case tg_op when 'UPDATE' then old.status else 'nothing' end,
                    new.status),
    hint = 'catalog.product_transitions lists the ways.';
end;
$$;
create or replace trigger products_status_insert
  before insert on catalog.products
  for each row execute function catalog.trigger_product_status();
create or replace trigger products_status_update
  before update of status on catalog.products
  for each row when (old.status is distinct from new.status) execute function catalog.trigger_product_status();
