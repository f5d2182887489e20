-- The invariants of pricing. Called by core.check_invariants. Locks: none.
create or replace function pricing._check_invariants()
returns setof core.invariant_violation
language sql
stable
as $$
  select 'pricing.uses_are_redemptions', format('%s/%s', c.promotion_id, c.slot),
         format('used %s for %s, redemptions %s for %s', c.used, c.spent_minor, coalesce(r.uses, 0), coalesce(r.minor, 0))
  from pricing.promotion_counters as c
  left join (select r.promotion_id, r.slot, count(*) as uses, sum(r.amount_minor) as minor
             from pricing.redemptions as r where r.returned_at is null group by r.promotion_id, r.slot) as r
    on r.promotion_id = c.promotion_id and r.slot = c.slot
  where c.used <> coalesce(r.uses, 0) or c.spent_minor <> coalesce(r.minor, 0)
  union all
  select 'pricing.buyer_uses_are_redemptions', format('%s/%s', p.promotion_id, coalesce(c.buyer_id, r.buyer_id)),
         format('used %s, redemptions %s', coalesce(c.used, 0), coalesce(r.uses, 0))
  from pricing.promotion_buyer_counters as c
  full join (select r.promotion_id, r.buyer_id, count(*) as uses
             from pricing.redemptions as r where r.returned_at is null group by r.promotion_id, r.buyer_id) as r
    on r.promotion_id = c.promotion_id and r.buyer_id = c.buyer_id
  join pricing.promotions as p
    on p.promotion_id = coalesce(c.promotion_id, r.promotion_id) and pricing._buyer_limit(p) is not null
  where coalesce(c.used, 0) <> coalesce(r.uses, 0)
  union all
  select 'pricing.code_uses_are_redemptions', c.code, format('used %s, redemptions %s', c.used, coalesce(r.uses, 0))
  from pricing.coupons as c
  left join (select r.coupon_code, count(*) as uses
             from pricing.redemptions as r where r.returned_at is null group by r.coupon_code) as r on r.coupon_code = c.code
  where c.usage_limit is not null and c.used <> coalesce(r.uses, 0)
  union all
  select 'pricing.limits_have_counters', p.promotion_id::text,
         format('limit %s and budget %s, slots %s and %s', p.usage_limit, p.budget_minor, c.usage_limit, c.budget_minor)
  from pricing.promotions as p
  left join (select c.promotion_id, sum(c.usage_limit) as usage_limit, sum(c.budget_minor) as budget_minor
             from pricing.promotion_counters as c group by c.promotion_id) as c on c.promotion_id = p.promotion_id
  where p.status in ('SCHEDULED', 'ACTIVE', 'PAUSED')
    and (p.usage_limit is distinct from c.usage_limit or p.budget_minor is distinct from c.budget_minor)
  union all
  select 'pricing.batches_have_their_codes', b.batch_id::text, format('%s codes of %s', count(c.code), b.code_count)
  from pricing.coupon_batches as b
  left join pricing.coupons as c on c.batch_id = b.batch_id
  group by b.batch_id
  having count(c.code) <> b.code_count
  union all
  select 'pricing.acting_promotion_has_open_version', p.promotion_id::text, format('version %s, open %s', p.version, v.version)
  from pricing.promotions as p
  full join (select v.promotion_id, v.version from pricing.promotion_versions as v where v.closed_at is null) as v
    on v.promotion_id = p.promotion_id
  where case when p.status in ('SCHEDULED', 'ACTIVE') then p.version end is distinct from v.version
  union all
  select 'pricing.rules_do_not_overlap', a.rule_id::text, format('same rank and time as rule %s', b.rule_id)
  from pricing.commission_rules as a
  join pricing.commission_rules as b
    on b.applies_to = a.applies_to and b.priority = a.priority
   and b.seller_id is not distinct from a.seller_id and b.category_id is not distinct from a.category_id
   and b.product_id is not distinct from a.product_id and b.currency is not distinct from a.currency
   and (b.rule_id, b.version) > (a.rule_id, a.version)
   and (coalesce(b.band_min_minor, b.band_max_minor) is null) = (coalesce(a.band_min_minor, a.band_max_minor) is null)
   and int8range(coalesce(b.band_min_minor, 0), b.band_max_minor) && int8range(coalesce(a.band_min_minor, 0), a.band_max_minor)
   and tstzrange(b.valid_from, b.valid_until) && tstzrange(a.valid_from, a.valid_until)
  union all
  select 'pricing.rule_versions_are_a_chain', n.rule_id::text, format('version %s', n.version)
  from pricing.commission_rules as n
  left join pricing.commission_rules as o on o.rule_id = n.rule_id and o.version = n.version - 1
  where n.version > 1 and o.valid_until is distinct from n.valid_from
$$;
comment on function pricing._check_invariants() is 'Broken invariants of pricing: counters, limits, coupons, versions, commission rules.';
