-- Takes units of reservations off the shelf, or puts them back: movements and counters in one go.
-- Private; the caller holds the stock rows' locks. p_sign -1 sells (SALE), +1 returns (RETURN).
-- p_from_reserved: the units were counted as reserved and leave that counter too.
create or replace function inventory._sell_units(
  p_lines inventory.hold_line[], p_sign integer, p_from_reserved boolean,
  p_now timestamptz, p_actor_id uuid
)
returns void
language plpgsql
volatile
as $$
begin
  perform inventory._move_stock(
    array(
      select row(l.seller_id, l.variant_id, p_sign * l.quantity,
                 case when p_from_reserved then p_sign * l.quantity else 0 end)::inventory.stock_move
      from unnest(p_lines) as l), p_now);

  insert into inventory.movements
    (seller_id, movement_id, variant_id, kind, quantity_delta, on_hand_after, reference_id, actor_id, created_at)
  select l.seller_id, core.new_id(), l.variant_id, case p_sign when -1 then 'SALE' else 'RETURN' end,
         p_sign * l.quantity,
         s.on_hand - p_sign * coalesce(sum(l.quantity) over (
           partition by l.seller_id, l.variant_id order by l.ordinality
           rows between 1 following and unbounded following), 0)::integer,
         l.reservation_id, p_actor_id, p_now
  from unnest(p_lines) with ordinality as l
  cross join lateral (
    select s.on_hand from inventory.stock_levels as s
    where s.seller_id = l.seller_id and s.variant_id = l.variant_id offset 0) as s;
end
$$;
comment on function inventory._sell_units(inventory.hold_line[], integer, boolean, timestamptz, uuid) is
  'Moves on_hand by the lines'' quantities (sign -1 sale, +1 return), with one movement row per line.';
