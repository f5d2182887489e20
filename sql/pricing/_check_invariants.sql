-- The invariants of pricing. Called by core.check_invariants. Locks: none.
create or replace function pricing._check_invariants()
returns setof core.invariant_violation
language sql
stable
as $$
  select 'pricing.uses_are_redemptions', c.promotion_id::text,
         format('used %s, redemptions %s', c.used, coalesce(r.uses, 0))
  from pricing.promotion_counters as c
  left join (select r.promotion_id, count(*) as uses
             from pricing.redemptions as r where r.returned_at is null group by r.promotion_id) as r
    on r.promotion_id = c.promotion_id
  where c.used <> coalesce(r.uses, 0)
  union all
  select 'pricing.buyer_uses_are_redemptions', format('%s/%s', p.promotion_id, coalesce(c.buyer_id, r.buyer_id)),
         format('used %s, redemptions %s', coalesce(c.used, 0), coalesce(r.uses, 0))
  from pricing.promotion_buyer_counters as c
  full join (select r.promotion_id, r.buyer_id, count(*) as uses
             from pricing.redemptions as r where r.returned_at is null group by r.promotion_id, r.buyer_id) as r
    on r.promotion_id = c.promotion_id and r.buyer_id = c.buyer_id
  join pricing.promotions as p
    on p.promotion_id = coalesce(c.promotion_id, r.promotion_id) and p.buyer_limit is not null
  where coalesce(c.used, 0) <> coalesce(r.uses, 0)
  union all
  select 'pricing.usage_limit_has_counter', p.promotion_id::text,
         format('limit %s, counter %s', p.usage_limit, c.usage_limit)
  from pricing.promotions as p
  left join pricing.promotion_counters as c on c.promotion_id = p.promotion_id
  where p.status in ('ACTIVE', 'PAUSED') and p.usage_limit is distinct from c.usage_limit
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
comment on function pricing._check_invariants() is 'Broken invariants of pricing: counters, limits, commission rules.';
