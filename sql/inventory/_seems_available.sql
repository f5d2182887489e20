-- Whether the stock seems to suffice for all of these lines together, as of the snapshot: nothing is locked, so that it may be otherwise
-- a moment later. Expired holds that nobody has reclaimed count as held. Private. p_lines without their reservation.
create or replace function inventory._seems_available(p_lines inventory.hold_line[])
returns boolean
language plpgsql
stable
as $$
begin
  return not exists (
    select
    from (select l.seller_id, l.variant_id, sum(l.quantity) as quantity
          from unnest(p_lines) as l group by l.seller_id, l.variant_id) as d
    left join lateral (
      select s.on_hand - s.reserved as units from inventory.stock_levels as s
      where s.seller_id = d.seller_id and s.variant_id = d.variant_id offset 0) as s on true
    where d.quantity > coalesce(s.units, 0));
end
$$;
comment on function inventory._seems_available(inventory.hold_line[]) is 'Whether unlocked stock suffices for all the lines together.';
