-- How many units each of these accounts may still hold by reservations; null for those who are no buyers and hold what they like.
-- Private. Locks: the accounts, as holders (advisory, in the order of their numbers): another batch cannot grant what this one
-- counts as free. Holds past their time do not count.
create or replace function inventory._room_to_hold(p_account_ids uuid[], p_now timestamptz)
returns bigint[]
language plpgsql
volatile
as $$
declare
  v_max constant bigint := core._setting_int('inventory.buyer_held_units_max');
begin
  perform pg_advisory_xact_lock(l.number)
  from (select distinct hashtextextended('inventory.hold ' || a.account_id, 0) as number
        from unnest(p_account_ids) as a (account_id) order by 1) as l;
  -- a statement of its own: it sees what the last holder granted
  return array(
    select case when u.role = 'BUYER' then v_max - held.units end
    from unnest(p_account_ids) with ordinality as a (account_id, n)
    left join lateral (select u.role from identity.users as u where u.user_id = a.account_id offset 0) as u on true
    cross join lateral (
      select coalesce(sum(l.quantity), 0)::bigint as units
      from inventory.reservations as r
      cross join unnest(r.seller_ids) as s (seller_id)
      join inventory.reservation_lines as l on l.seller_id = s.seller_id and l.reservation_id = r.reservation_id
      where r.account_id = a.account_id and r.status = 'HELD' and not r.is_order and r.expires_at > p_now
    ) as held
    order by a.n);
end
$$;
comment on function inventory._room_to_hold(uuid[], timestamptz) is
  'Units that each account may still hold by reservations, counted under a lock on the account; null: no limit.';
