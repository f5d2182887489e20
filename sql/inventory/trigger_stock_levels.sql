-- A stock row stays as long as it has movements: the other half of trigger_movement_stock.
-- Raises: 23503.
create or replace function inventory.trigger_stock_levels()
returns trigger
language plpgsql
as $$
begin
  if exists (
    select from old_rows as o
    where exists (select from inventory.movements as m where m.seller_id = o.seller_id and m.variant_id = o.variant_id)
  ) then
    raise exception 'a stock row with movements stays' using errcode = 'foreign_key_violation', constraint = 'movements_stock_level';
  end if;
  return null;
end
$$;
comment on function inventory.trigger_stock_levels() is 'Trigger: refuses to delete stock rows that have movements.';

create or replace trigger stock_levels_movements
after delete on inventory.stock_levels
referencing old table as old_rows
for each statement execute function inventory.trigger_stock_levels();
