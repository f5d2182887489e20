-- Locks the use counters of limited promotions and says how many uses are left. Arguments are pairwise: promotion and buyer.
-- Private. Locks: promotion_counters by promotion_id, then promotion_buyer_counters by (promotion_id, buyer_id), which are made
-- first where missing. Rows: per promotion with a usage limit one with buyer_id null; per pair with a buyer limit one more.
-- p_now is the moment of the call it serves; no time is stored.
create or replace function pricing._lock_counters(p_promotion_ids uuid[], p_buyer_ids uuid[], p_now timestamptz)
returns setof pricing.counter_state
language plpgsql
volatile
as $$
begin
  if p_now is null or cardinality(p_promotion_ids) = 0 then
    return;
  end if;
  return query
  select c.promotion_id, null::uuid, c.usage_limit - c.used
  from pricing.promotion_counters as c
  where c.promotion_id = any (p_promotion_ids)
  order by c.promotion_id
  for no key update;

  insert into pricing.promotion_buyer_counters (promotion_id, buyer_id)
  select distinct pair.promotion_id, pair.buyer_id
  from unnest(p_promotion_ids, p_buyer_ids) as pair (promotion_id, buyer_id)
  join pricing.promotions as p on p.promotion_id = pair.promotion_id
  where p.buyer_limit is not null
  order by pair.promotion_id, pair.buyer_id
  on conflict do nothing;

  return query
  select c.promotion_id, c.buyer_id, p.buyer_limit - c.used
  from pricing.promotion_buyer_counters as c
  join pricing.promotions as p on p.promotion_id = c.promotion_id and p.buyer_limit is not null
  join (select distinct u.promotion_id, u.buyer_id
        from unnest(p_promotion_ids, p_buyer_ids) as u (promotion_id, buyer_id)) as pair
    on pair.promotion_id = c.promotion_id and pair.buyer_id = c.buyer_id
  order by c.promotion_id, c.buyer_id
  for no key update of c;
end
$$;
comment on function pricing._lock_counters(uuid[], uuid[], timestamptz) is
  'Locks the counters of limited promotions for pairs of promotion and buyer; returns the uses left.';
