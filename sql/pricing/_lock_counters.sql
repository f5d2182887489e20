-- Locks what counts the possible uses of limited promotions, one element per order and promotion (amount_minor: the most that it can
-- take off), and says what is left, at least as far as these uses can reach. Rows: per promotion the uses in all and the budget, per
-- buyer and per coupon code theirs; null = no such limit, though the promotion is counted.
-- Private. Locks: promotion_counters by promotion_id, then promotion_buyer_counters by (promotion_id, buyer_id), which are made
-- first where missing, then coupons by code. p_now is the moment of the call it serves; no time is stored.
create or replace function pricing._lock_counters(p_uses pricing.promotion_use[], p_now timestamptz)
returns setof pricing.counter_state
language plpgsql
volatile
as $$
declare
  v_need record;
  v_counter pricing.promotion_counters;
begin
  if p_now is null or cardinality(p_uses) = 0 then
    return;
  end if;
  for v_need in
    select u.promotion_id, count(*) as uses, sum(u.amount_minor) as minor
    from unnest(p_uses) as u group by u.promotion_id order by u.promotion_id
  loop
    v_counter := pricing._lock_counter(v_need.promotion_id, v_need.uses, v_need.minor);
    return next (v_need.promotion_id, null, v_counter.usage_limit - v_counter.used, null, false)::pricing.counter_state;
    if v_counter.budget_minor is not null then
      return next (v_need.promotion_id, null, v_counter.budget_minor - v_counter.spent_minor, null, true)::pricing.counter_state;
    end if;
  end loop;

  insert into pricing.promotion_buyer_counters (promotion_id, buyer_id)
  select distinct u.promotion_id, u.buyer_id
  from unnest(p_uses) as u
  join pricing.promotions as p on p.promotion_id = u.promotion_id
  where pricing._buyer_limit(p) is not null
  order by u.promotion_id, u.buyer_id
  on conflict do nothing;
  return query
  select c.promotion_id, c.buyer_id, (pricing._buyer_limit(p) - c.used)::bigint, null::text, false
  from pricing.promotion_buyer_counters as c
  join pricing.promotions as p on p.promotion_id = c.promotion_id and pricing._buyer_limit(p) is not null
  join (select distinct u.promotion_id, u.buyer_id from unnest(p_uses) as u) as pair
    on pair.promotion_id = c.promotion_id and pair.buyer_id = c.buyer_id
  order by c.promotion_id, c.buyer_id
  for no key update of c;

  return query
  select c.promotion_id, null::uuid, (c.usage_limit - c.used)::bigint, c.code, false
  from pricing.coupons as c
  where c.code = any (array(select distinct u.coupon_code from unnest(p_uses) as u)) and c.usage_limit is not null
  order by c.code
  for no key update;
end
$$;
comment on function pricing._lock_counters(pricing.promotion_use[], timestamptz) is
  'Locks the counters of limited promotions for possible uses; returns what is left.';
