-- A commission is on a line of an order. What a foreign key would look up row by row, with a lock on each parent, is one look
-- at all rows of a statement here: lines are never deleted (trigger_snapshots), so there is nothing to lock.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
-- Raises: 23503.
create or replace function orders.trigger_commission_lines()
returns trigger
language plpgsql
as $$
begin
  if exists (
    select from new_rows as n
    left join lateral (
      select true as is_there from orders.order_lines as l
      where l.seller_id = n.seller_id and l.order_id = n.order_id and l.line_no = n.line_no offset 0) as l on true
    where l.is_there is null
  ) then
    raise exception 'a commission on no line' using errcode = 'foreign_key_violation', constraint = 'commissions_order_line';
  end if;
  return null;
end
$$;
comment on function orders.trigger_commission_lines() is 'Trigger: refuses commissions without their order line.';

create or replace trigger commissions_order_line
after insert on orders.commissions
referencing new table as new_rows
for each statement execute function orders.trigger_commission_lines();
