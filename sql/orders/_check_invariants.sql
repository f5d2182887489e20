-- What must hold between orders and everything around them. Private; see core.check_invariants().
-- long: a list of independent invariants, one query each.
create or replace function orders._check_invariants()
returns setof core.invariant_violation
language sql
stable
as $$
  select 'orders.header_is_sum_of_parts', o.order_id::text,
         format('header %s/%s/%s, parts %s/%s/%s', o.subtotal_minor, o.discount_minor, o.shipping_minor,
                f.subtotal_minor, f.discount_minor, f.shipping_minor)
  from orders.orders as o
  left join (select f.order_id, sum(f.subtotal_minor) as subtotal_minor, sum(f.discount_minor) as discount_minor,
                    sum(f.shipping_minor) as shipping_minor, array_agg(f.seller_id order by f.seller_id) as seller_ids
             from orders.fulfilments as f group by f.order_id) as f on f.order_id = o.order_id
  where (o.subtotal_minor, o.discount_minor, o.shipping_minor, o.seller_ids)
     is distinct from (f.subtotal_minor, f.discount_minor, f.shipping_minor, f.seller_ids)
  union all
  select 'orders.part_is_sum_of_lines', f.order_id::text, format('seller %s', f.seller_id)
  from orders.fulfilments as f
  left join (select l.seller_id, l.order_id, sum(l.subtotal_minor) as subtotal_minor, sum(l.discount_minor) as discount_minor
             from orders.order_lines as l group by l.seller_id, l.order_id) as l
    on l.seller_id = f.seller_id and l.order_id = f.order_id
  left join (select a.seller_id, a.order_id, sum(a.amount_minor) as amount_minor
             from orders.adjustments as a where a.target = 'SHIPPING' group by a.seller_id, a.order_id) as a
    on a.seller_id = f.seller_id and a.order_id = f.order_id
  where f.subtotal_minor is distinct from l.subtotal_minor
     or f.discount_minor is distinct from l.discount_minor + coalesce(a.amount_minor, 0)
     or coalesce(a.amount_minor, 0) > f.shipping_minor
  union all
  select 'orders.line_discount_is_sum_of_adjustments', l.order_id::text, format('line %s', l.line_no)
  from orders.order_lines as l
  left join (select a.seller_id, a.order_id, a.line_no, sum(a.amount_minor) as amount_minor
             from orders.adjustments as a where a.line_no is not null group by 1, 2, 3) as a
    on a.seller_id = l.seller_id and a.order_id = l.order_id and a.line_no = l.line_no
  where l.discount_minor <> coalesce(a.amount_minor, 0)
  union all
  select 'orders.line_has_commission', l.order_id::text, format('line %s', l.line_no)
  from orders.order_lines as l
  left join orders.commissions as c
    on c.seller_id = l.seller_id and c.order_id = l.order_id and c.line_no = l.line_no
  where c.base_minor is distinct from case c.base when 'GROSS' then l.subtotal_minor else l.total_minor end
     or c.limit_minor <> l.total_minor + (
          select coalesce(sum(a.amount_minor - a.seller_minor), 0)
          from orders.adjustments as a
          where a.seller_id = l.seller_id and a.order_id = l.order_id and a.line_no = l.line_no)
  union all
  select 'orders.shipping_commission_is_of_shipping', f.order_id::text, format('seller %s', f.seller_id)
  from orders.shipping_commissions as c
  join orders.fulfilments as f on f.seller_id = c.seller_id and f.order_id = c.order_id
  cross join lateral (
    select coalesce(sum(a.amount_minor), 0) as discount_minor, coalesce(sum(a.seller_minor), 0) as seller_minor
    from orders.adjustments as a
    where a.seller_id = f.seller_id and a.order_id = f.order_id and a.target = 'SHIPPING') as d
  where c.base_minor <> f.shipping_minor - case c.base when 'GROSS' then 0 else d.discount_minor end
     or c.limit_minor <> f.shipping_minor - d.seller_minor
  union all
  -- from the snapshot alone, in exact arithmetic: the same cents for ever
  select 'orders.commission_follows_from_snapshot', c.order_id::text,
         format('line %s: %s and VAT %s', c.line_no, c.amount_minor, c.vat_minor)
  from (select c.order_id, c.line_no, c.base_minor, c.percent_bp, c.fixed_minor, c.min_minor, c.max_minor, c.limit_minor,
               c.exact_percent, c.amount_minor, c.vat_bp, c.vat_minor,
               case c.fixed_per when 'UNIT' then l.quantity else 1 end as units
        from orders.commissions as c
        join orders.order_lines as l on l.seller_id = c.seller_id and l.order_id = c.order_id and l.line_no = c.line_no
        union all
        select c.order_id, null, c.base_minor, c.percent_bp, c.fixed_minor, c.min_minor, c.max_minor, c.limit_minor,
               c.exact_percent, c.amount_minor, c.vat_bp, c.vat_minor, 1
        from orders.shipping_commissions as c) as c
  where c.exact_percent <> c.base_minor::numeric * c.percent_bp * 0.0001
     or c.amount_minor <> least(c.limit_minor, c.max_minor,
                                greatest(c.min_minor, floor(c.exact_percent + 0.5) + c.fixed_minor::numeric * c.units))
     or c.vat_minor <> floor(c.amount_minor::numeric * c.vat_bp / 10000 + 0.5)
  union all
  -- and the snapshot is the rule's: the version named is what was charged
  select 'orders.commission_is_of_its_rule', c.order_id::text, format('rule %s version %s', c.rule_id, c.rule_version)
  from (select c.order_id, c.rule_id, c.rule_version, c.percent_bp, c.fixed_minor, c.base, c.min_minor, c.max_minor, c.vat_bp
        from orders.commissions as c
        where c.rule_id is not null
        union all
        select c.order_id, c.rule_id, c.rule_version, c.percent_bp, c.fixed_minor, c.base, c.min_minor, c.max_minor, c.vat_bp
        from orders.shipping_commissions as c) as c
  left join pricing.commission_rules as r on r.rule_id = c.rule_id and r.version = c.rule_version
  where (c.percent_bp, c.fixed_minor, c.base, c.min_minor, c.max_minor, c.vat_bp)
        is distinct from (r.percent_bp, r.fixed_minor, r.base, r.min_minor, r.max_minor, r.vat_bp)
  union all
  -- the whole chain: dense versions from the placing on, each step from where the last one led, along order_transitions; where the
  -- archive of the first versions was taken away, from the tail that they left
  select 'orders.history_matches_status', o.order_id::text,
         format('status %s, version %s; history has %s entries and ends with %s', o.status, o.version, coalesce(h.entries, 0), h.to_status)
         || coalesce(format(', after %s that were taken away', m.version), '')
  from orders.orders as o
  left join orders.missing_history as m on m.order_id = o.order_id
  left join (
    select c.order_id, min(c.version) as first_version, min(c.from_status) filter (where c.n = 1) as first_from, count(*) as entries, (array_agg(c.to_status order by c.version desc))[1] as to_status,
           bool_and(case
             when c.version = 1 then (c.from_status, c.action, c.to_status) is not distinct from (null, 'place', 'PENDING_PAYMENT')
             when c.n = 1 then c.is_allowed
             else c.version = c.previous_version + 1 and c.from_status = c.previous and c.is_allowed end) as is_chain
    from (select h.order_id, h.version, h.from_status, h.action, h.to_status,
                 t.to_status is not distinct from h.to_status as is_allowed,
                 row_number() over w as n, lag(h.to_status) over w as previous, lag(h.version) over w as previous_version
          from orders.recorded_history as h
          left join orders.order_transitions as t
            on t.from_status = h.from_status and t.action = h.action and t.actor_kind = h.actor_kind
          window w as (partition by h.order_id order by h.version)) as c
    group by c.order_id) as h on h.order_id = o.order_id
  where (coalesce(h.entries, 0) + coalesce(m.version, 0), coalesce(h.to_status, m.to_status), coalesce(h.is_chain, m.order_id is not null))
        is distinct from (o.version, o.status, true)
     or (h.first_version, h.first_from) is distinct from (m.version + 1, m.to_status) and m.order_id is not null and h.entries > 0
     or h.first_version > 1 and m.order_id is null
  union all
  -- the tail says what the archive holds, while it is there
  select 'orders.history_tail_matches_archive', coalesce(t.order_id, a.order_id)::text,
         format('the tail says %s %s, the archive %s %s', t.version, t.to_status, a.version, a.to_status)
  from (select t.order_id, t.archived_at, t.version, t.to_status
        from orders.history_tails as t
        where not exists (select from orders.missing_history as m where m.order_id = t.order_id)) as t
  full join (select distinct on (a.archived_at, a.order_id) a.archived_at, a.order_id, a.version, a.to_status
             from orders.archived_history as a
             order by a.archived_at, a.order_id, a.version desc) as a
    on a.order_id = t.order_id and a.archived_at = t.archived_at
  where (t.version, t.to_status) is distinct from (a.version, a.to_status)
  union all
  -- the status names the deadline that runs
  select 'orders.deadline_matches_status', o.order_id::text, format('status %s, due %s, acceptance due %s', o.status, o.due_at, o.acceptance_due_at)
  from orders.orders as o
  where case
    when o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED') then o.due_at is distinct from o.payment_due_at
    when o.status in ('PAID', 'DELIVERED') then o.due_at is null
    when o.status = 'PROCESSING' then (o.due_at is not null) <> exists (
      select from orders.fulfilments as f
      where f.seller_id = any (o.seller_ids) and f.order_id = o.order_id and f.status = 'PENDING')
    else o.due_at is not null end
    -- sellers are reminded before their deadline, never after
    or coalesce(o.acceptance_due_at < o.due_at, o.status = 'PAID') and o.status in ('PAID', 'PROCESSING')
    or o.acceptance_due_at is not null and o.status not in ('PAID', 'PROCESSING')
  union all
  select 'orders.hold_matches_status', o.order_id::text, format('status %s, hold %s', o.status, r.status)
  from orders.orders as o
  left join inventory.reservations as r on r.reservation_id = o.order_id
  where case
    when o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED') then r.status is distinct from 'HELD'
    when o.status = 'EXPIRED' then coalesce(r.status, '') not in ('EXPIRED')
    when o.status = 'CANCELLED' then coalesce(r.status, '') not in ('RELEASED', 'RETURNED')
    when o.status = 'REFUNDED' then coalesce(r.status, '') not in ('CONFIRMED', 'RETURNED')
    else r.status is distinct from 'CONFIRMED' end
  union all
  select 'orders.adjustment_names_a_version', a.order_id::text, format('promotion %s version %s', a.promotion_id, a.promotion_version)
  from orders.adjustments as a
  left join pricing.promotion_versions as v on v.promotion_id = a.promotion_id and v.version = a.promotion_version
  where v.promotion_id is null
  union all
  select 'orders.use_is_what_was_taken_off', r.order_id::text,
         format('promotion %s counted %s, took off %s, status %s', r.promotion_id, r.amount_minor, a.amount_minor, o.status)
  from pricing.redemptions as r
  join orders.orders as o on o.order_id = r.order_id
  left join (select a.order_id, a.promotion_id, sum(a.amount_minor) as amount_minor
             from orders.adjustments as a group by a.order_id, a.promotion_id) as a
    on a.order_id = r.order_id and a.promotion_id = r.promotion_id
  where r.amount_minor is distinct from a.amount_minor
     or (r.returned_at is null and o.status in ('CANCELLED', 'EXPIRED'))
     or (r.returned_at is not null and o.status not in ('CANCELLED', 'EXPIRED', 'REFUNDED'))
$$;
comment on function orders._check_invariants() is 'Broken invariants of orders: sums, derivations, history, deadlines, holds, uses of promotions.';
