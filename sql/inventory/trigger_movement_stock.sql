-- A movement is of a stock row. What a foreign key would look up row by row, with a lock on each parent, is one look
-- at all rows of a statement here: stock rows are never deleted (trigger_stock_levels), so there is nothing to lock.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
-- Raises: 23503.
create or replace function inventory.trigger_movement_stock()
returns trigger
language plpgsql
as $$
begin
  if exists (
    select from new_rows as n
    left join lateral (
      select true as is_there from inventory.stock_levels as s
      where s.seller_id = n.seller_id and s.variant_id = n.variant_id offset 0) as s on true
    where s.is_there is null
  ) then
    raise exception 'the movement of no stock' using errcode = 'foreign_key_violation', constraint = 'movements_stock_level';
  end if;
  return null;
end
$$;
comment on function inventory.trigger_movement_stock() is 'Trigger: refuses movements without their stock row.';

create or replace trigger movements_stock_level
after insert on inventory.movements
referencing new table as new_rows
for each statement execute function inventory.trigger_movement_stock();
