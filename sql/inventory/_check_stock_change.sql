-- Checks the fields of a stock change that need no row. Private.
-- Problems: MK422 inventory.stock_mode_invalid, quantity_invalid, reason_required, threshold_invalid.
create or replace function inventory._check_stock_change(
  p_mode text, p_quantity integer, p_reason text, p_low_stock_threshold integer
)
returns void
language plpgsql
immutable
as $$
begin
  if p_mode is null or p_mode not in ('SET', 'ADJUST') then
    raise exception 'inventory.stock_mode_invalid' using
      errcode = 'MK422', detail = 'The mode is SET or ADJUST.',
      hint = 'SET states the units on hand, ADJUST adds to them or takes from them.', column = 'mode';
  end if;
  if p_quantity is null or (p_mode = 'SET' and p_quantity < 0) then
    raise exception 'inventory.quantity_invalid' using
      errcode = 'MK422', detail = 'Units on hand are zero or more.',
      hint = 'Use mode ADJUST with a negative quantity to take units away.', column = 'quantity';
  end if;
  if length(btrim(coalesce(p_reason, ''))) not between 1 and 200 then
    raise exception 'inventory.reason_required' using
      errcode = 'MK422', detail = 'A stock change needs a reason of 1 to 200 characters.',
      hint = 'Say why the stock changes, such as "delivery 4711" or "stock count".', column = 'reason';
  end if;
  if p_low_stock_threshold not between 0 and 1000000000 then
    raise exception 'inventory.threshold_invalid' using
      errcode = 'MK422', detail = 'The low-stock threshold is zero or more.',
      hint = 'Send 0 to be told only when nothing is left.', column = 'lowStockThreshold';
  end if;
end
$$;
comment on function inventory._check_stock_change(text, integer, text, integer) is 'Refuses a malformed stock change.';
