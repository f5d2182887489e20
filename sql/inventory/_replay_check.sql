-- Compares stock rows, reservations and their lines with what the log tells up to p_upto. Of what something happened to
-- after p_upto, only that is compared which never changes. Called by events.replay_check. Private. Locks: none.
create or replace function inventory._replay_check(p_upto bigint)
returns setof core.replay_difference
language plpgsql
stable
as $$
declare
  v_is_whole constant boolean := p_upto = 9223372036854775807;
begin
  return query
  select 'stock', format('%s/%s', coalesce(f.variant_id, t.variant_id), coalesce(f.seller_id, t.seller_id)),
         d.field, d.expected, d.found
    from inventory._fold_stock(p_upto) as f
    full join inventory.stock_levels as t on t.seller_id = f.seller_id and t.variant_id = f.variant_id
    left join lateral (
      select f.on_hand, f.reserved, f.version, coalesce(f.low_stock_threshold, t.low_stock_threshold) as low_stock_threshold,
             coalesce(f.is_low, t.is_low) as is_low) as log on f.seller_id is not null
    left join lateral (
      select t.on_hand::bigint as on_hand, t.reserved::bigint as reserved, t.version, t.low_stock_threshold,
             t.is_low) as tab on t.seller_id is not null
   cross join lateral core._differences(to_jsonb(log), to_jsonb(tab)) as d
   where log is distinct from tab and coalesce(f.is_latest, v_is_whole);

  return query
  select 'reservation', coalesce(f.reservation_id, t.reservation_id)::text, d.field, d.expected, d.found
    from (select h.* from inventory._fold_holds(p_upto) as h where h.status is not null) as f
    full join inventory.reservations as t on t.reservation_id = f.reservation_id
    left join lateral (
      select f.is_order, f.account_id, f.expires_at, f.created_at,
             case when f.is_latest then f.status else t.status end as status,
             case when f.is_latest then f.resolved_at else t.resolved_at end as resolved_at)
      as log on f.reservation_id is not null
    left join lateral (
      select t.is_order, t.account_id, t.expires_at, t.created_at, t.status, t.resolved_at)
      as tab on t.reservation_id is not null
   cross join lateral core._differences(to_jsonb(log), to_jsonb(tab)) as d
   where log is distinct from tab and (f.reservation_id is not null or v_is_whole);

  return query
  select 'reservation_line',
         format('%s/%s/%s', coalesce(f.reservation_id, t.reservation_id), coalesce(f.variant_id, t.variant_id),
                coalesce(f.seller_id, t.seller_id)),
         d.field, d.expected, d.found
    from (select l.* from inventory._fold_hold_lines(p_upto) as l where l.status is not null) as f
    full join inventory.reservation_lines as t
      on t.seller_id = f.seller_id and t.reservation_id = f.reservation_id and t.variant_id = f.variant_id
    left join lateral (
      -- lines of a hold that has ended may have been freed by a release that did not tell it
      select f.quantity, case when f.is_latest and f.status in ('HELD', 'CONFIRMED') then f.is_freed else t.freed_at is not null end as is_freed)
      as log on f.reservation_id is not null
    left join lateral (
      select t.quantity, t.freed_at is not null as is_freed) as tab on t.reservation_id is not null
   cross join lateral core._differences(to_jsonb(log), to_jsonb(tab)) as d
   where log is distinct from tab and (f.reservation_id is not null or v_is_whole);
end
$$;
comment on function inventory._replay_check(bigint) is 'Differences between stock, holds and the log up to a number.';
