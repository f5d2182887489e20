-- Takes the units of holds: raises the reserved counters of their stock rows.
-- Private; the caller holds the stock rows' locks. Raises: 23514 of stock_levels_reserved_within_on_hand_check, by the table, when the
-- units are not there. Events: inventory.stock_low (by _move_stock).
create or replace function inventory._hold_units(p_lines inventory.hold_line[], p_now timestamptz)
returns void
language plpgsql
volatile
as $$
begin
  perform inventory._move_stock(
    array(select row(l.seller_id, l.variant_id, 0, l.quantity)::inventory.stock_move from unnest(p_lines) as l), p_now);
end
$$;
comment on function inventory._hold_units(inventory.hold_line[], timestamptz) is 'Raises the reserved counters of locked stock rows.';
