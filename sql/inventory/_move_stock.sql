-- Moves the counters of stock rows by sums of deltas and tells once when a row crosses its low-stock threshold.
-- Private; the caller holds the rows' locks. Events: inventory.stock_low.
create or replace function inventory._move_stock(p_moves inventory.stock_move[], p_now timestamptz)
returns void
language plpgsql
volatile
as $$
begin
  with moves as (
    select m.seller_id, m.variant_id,
           sum(m.on_hand_delta)::integer as on_hand_delta,
           sum(m.reserved_delta)::integer as reserved_delta
    from unnest(p_moves) as m
    group by m.seller_id, m.variant_id
  ), changed as (
    update inventory.stock_levels as s
    set on_hand = s.on_hand + m.on_hand_delta,
        reserved = s.reserved + m.reserved_delta,
        is_low = s.on_hand + m.on_hand_delta - s.reserved - m.reserved_delta <= s.low_stock_threshold,
        change_no = s.change_no + 1,
        updated_at = p_now
    from moves as m
    where s.seller_id = m.seller_id and s.variant_id = m.variant_id
    returning s.seller_id, s.variant_id, s.change_no, s.low_stock_threshold, s.is_low,
              s.on_hand - s.reserved as available,
              s.on_hand - s.reserved - m.on_hand_delta + m.reserved_delta as available_before
  )
  insert into events.outbox (drafts)
  select array_agg(row(
         'inventory.stock_low', 'stock', inventory._stock_id(c.seller_id, c.variant_id), c.change_no, null, null, array[c.seller_id],
         jsonb_build_object('variantId', c.variant_id, 'sellerId', c.seller_id,
                            'available', c.available, 'threshold', c.low_stock_threshold),
         p_now)::events.draft)
  from changed as c
  where c.is_low and c.available_before > c.low_stock_threshold
  having count(*) > 0;
end
$$;
comment on function inventory._move_stock(inventory.stock_move[], timestamptz) is
  'Applies the summed deltas to locked stock rows; appends inventory.stock_low when available falls to the threshold.';
