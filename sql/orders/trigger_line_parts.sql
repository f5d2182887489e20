-- A line belongs to a seller's part of an order. What a foreign key would look up row by row, with a lock on each parent, is one look
-- at all rows of a statement here: parts are never deleted (trigger_snapshots), so there is nothing to lock.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
-- Raises: 23503.
create or replace function orders.trigger_line_parts()
returns trigger
language plpgsql
as $$
begin
  if exists (
    select from new_rows as n
    left join lateral (
      select true as is_there from orders.fulfilments as f
      where f.seller_id = n.seller_id and f.order_id = n.order_id offset 0) as f on true
    where f.is_there is null
  ) then
    raise exception 'a line of no part of an order' using errcode = 'foreign_key_violation', constraint = 'order_lines_fulfilment';
  end if;
  return null;
end
$$;
comment on function orders.trigger_line_parts() is 'Trigger: refuses order lines without their fulfilment.';

create or replace trigger order_lines_fulfilment
after insert on orders.order_lines
referencing new table as new_rows
for each statement execute function orders.trigger_line_parts();
