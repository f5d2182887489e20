-- What must always hold about money. Called by core.check_invariants.
-- Private; reads only.
-- long: a list of independent invariants, one query each.
create or replace function payments._check_invariants() returns setof core.invariant_violation
language sql
stable
as $$
  with ledger as (
    select e.order_id, e.seller_id, e.account, e.currency, sum(e.amount_minor) as balance_minor
      from payments.ledger_entries as e
     group by e.order_id, e.seller_id, e.account, e.currency
  ), accounts as (
    -- joined, not looked up for each part: that took the square of the orders
    select l.order_id, l.seller_id,
           coalesce(-sum(l.balance_minor) filter (where l.account = 'SELLER_PAYABLE'), 0) as payable_minor,
           coalesce(-sum(l.balance_minor) filter (where l.account = 'COMMISSION_REVENUE'), 0) as revenue_minor,
           coalesce(-sum(l.balance_minor) filter (where l.account = 'COMMISSION_VAT'), 0) as tax_minor,
           coalesce(sum(l.balance_minor) filter (where l.account = 'PROMOTION_COST'), 0) as cost_minor
      from ledger as l
     group by l.order_id, l.seller_id
  ), refunded as (
    select r.payment_id,
           coalesce(sum(r.amount_minor) filter (where r.status = 'SUCCEEDED'), 0) as done_minor,
           coalesce(sum(r.amount_minor) filter (where r.status <> 'FAILED'), 0) as wanted_minor,
           sum(r.amount_minor) as asked_minor
      from payments.refunds as r
     group by r.payment_id
  ), sold as (
    select p.payment_id, p.order_id, p.currency, p.refunded_minor, o.seller_ids
      from payments.payments as p
      join orders.orders as o using (order_id)
     where p.status = 'SUCCEEDED'
       and not exists (select 1
                         from payments.ledger_entries as e
                        where e.order_id = p.order_id and e.transaction_id = p.payment_id and e.account = 'BUYER_PAYABLE')
  ), parts as (
    -- parts that a refund of their own names (they were cancelled alone) have no part in the refunds of the rest
    select s.order_id, s.refunded_minor as all_refunded_minor, s.refunded_minor - n.refunded_minor as order_refunded_minor, p.seller_id, p.total_minor,
           p.promotion_minor, p.commission_minor, p.vat_minor,
           sum(p.total_minor) filter (where p.seller_id <> all (n.seller_ids)) over (partition by s.order_id) as order_total_minor
      from sold as s
      join payments._seller_parts(array(select s.order_id from sold as s)) as p on p.order_id = s.order_id
      cross join lateral (
        select coalesce(sum(r.amount_minor) filter (where r.status = 'SUCCEEDED'), 0) as refunded_minor,
               array(select unnest(r.seller_ids) from payments.refunds as r where r.payment_id = s.payment_id) as seller_ids
          from payments.refunds as r
         where r.payment_id = s.payment_id and r.seller_ids is not null) as n
  ), balances as (
    select p.*, coalesce(a.payable_minor, 0) as payable_minor, coalesce(a.revenue_minor, 0) as revenue_minor,
           coalesce(a.tax_minor, 0) as tax_minor, coalesce(a.cost_minor, 0) as cost_minor,
           p.total_minor - coalesce(a.payable_minor + a.revenue_minor + a.tax_minor - a.cost_minor, 0) as refunded_minor
      from parts as p
      left join accounts as a on a.order_id = p.order_id and a.seller_id = p.seller_id
  ), remaining as (
    select b.*,
           case when b.total_minor > 0 then b.refunded_minor else b.order_refunded_minor end as done_minor,
           case when b.total_minor > 0 then b.total_minor else b.order_total_minor end as of_minor
      from balances as b
  )
  select 'payments.ledger_sums_to_zero', e.transaction_id::text, format('%s left in %s', sum(e.amount_minor), e.currency)
    from payments.ledger_entries as e
   group by e.transaction_id, e.currency
  having sum(e.amount_minor) <> 0
  union all
  select 'payments.refunded_is_sum_of_refunds', p.payment_id::text,
         format('refunded %s, refunds %s, with those under way %s, paid %s', p.refunded_minor, coalesce(r.done_minor, 0),
                coalesce(r.wanted_minor, 0), p.amount_minor)
    from payments.payments as p
    left join refunded as r using (payment_id)
   where p.refunded_minor <> coalesce(r.done_minor, 0)
      or coalesce(r.wanted_minor, 0) > p.amount_minor
      or (r.payment_id is not null and p.status <> 'SUCCEEDED')
  union all
  select 'payments.sold_order_has_its_payment', o.order_id::text,
         format('%s, total %s %s, %s succeeded payments of %s', o.status, o.total_minor, o.currency, count(p.payment_id),
                coalesce(sum(p.amount_minor), 0))
    from orders.orders as o
    left join payments.payments as p
      on p.order_id = o.order_id and p.status = 'SUCCEEDED' and not p.is_surplus and p.currency = o.currency
   where o.status in ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'PARTIALLY_REFUNDED', 'REFUNDED')
   group by o.order_id
  having count(p.payment_id) <> (o.total_minor > 0)::integer or coalesce(sum(p.amount_minor), 0) <> o.total_minor
  union all
  select 'payments.unpaid_order_has_no_money', o.order_id::text, format('%s with a %s payment', o.status, p.status)
    from orders.orders as o
    join payments.payments as p using (order_id)
   where (o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED') and p.status in ('SUCCEEDED', 'ABANDONED') and not p.is_surplus)
      or (o.status not in ('PENDING_PAYMENT', 'CANCELLED', 'EXPIRED') and p.status = 'PENDING')
  union all
  select 'payments.unsold_money_goes_back', p.payment_id::text, format('order %s, refunds %s of %s', o.status,
                                                                        coalesce(r.asked_minor, 0), p.amount_minor)
    from payments.payments as p
    join orders.orders as o using (order_id)
    left join refunded as r using (payment_id)
   where p.status = 'SUCCEEDED'
     and (o.status = 'EXPIRED' or p.is_surplus
          or exists (select 1
                       from payments.ledger_entries as e
                      where e.order_id = p.order_id and e.transaction_id = p.payment_id and e.account = 'BUYER_PAYABLE'))
     and coalesce(r.asked_minor, 0) < p.amount_minor
  union all
  select 'payments.clearing_holds_what_was_paid', p.order_id::text,
         format('clearing %s, paid %s, refunded %s', coalesce(max(l.balance_minor), 0), sum(p.amount_minor),
                sum(p.refunded_minor))
    from payments.payments as p
    left join ledger as l
      on l.order_id = p.order_id and l.account = 'PROVIDER_CLEARING' and l.currency = p.currency
   where p.status = 'SUCCEEDED'
   group by p.order_id, p.currency
  having coalesce(max(l.balance_minor), 0) <> sum(p.amount_minor - p.refunded_minor)
  union all
  -- whatever becomes of its payment, the hold of an order ends with the payment window; orders.hold_matches_status says the rest
  select 'payments.dead_payments_hold_no_stock', r.reservation_id::text,
         format('order %s, to be paid until %s, held until %s', o.status, o.payment_due_at, r.expires_at)
    from inventory.reservations as r
    left join orders.orders as o on o.order_id = r.reservation_id
   where r.is_order and r.status = 'HELD'
     and (r.expires_at <= o.payment_due_at) is not true
  union all
  -- a payment without an end is asked about, or waits for a person who was told
  select 'payments.unresolved_is_looked_after', p.payment_id::text, p.status
    from payments.payments as p
   where p.status in ('PENDING', 'ABANDONED') and p.next_check_at is null and p.stuck_at is null
  union all
  -- what was not sold is the buyer's until it has gone back, and nobody else's; what was sold never is
  select 'payments.buyer_money_is_of_unsold_orders', o.order_id::text,
         format('order %s, buyer''s %s, expected %s', o.status, coalesce(b.balance_minor, 0), u.unsold_minor)
    from orders.orders as o
    left join inventory.reservations as h on h.reservation_id = o.order_id
    cross join lateral (
      select coalesce(sum(p.amount_minor - p.refunded_minor), 0) as unsold_minor
        from payments.payments as p
       where p.order_id = o.order_id and p.status = 'SUCCEEDED'
         and (p.is_surplus or o.status = 'EXPIRED' or (o.status = 'CANCELLED' and h.status <> 'RETURNED'))) as u
    left join (select l.order_id, -sum(l.balance_minor) as balance_minor
                 from ledger as l where l.account = 'BUYER_PAYABLE' group by l.order_id) as b on b.order_id = o.order_id
   where coalesce(b.balance_minor, 0) <> u.unsold_minor
  union all
  select 'payments.buyer_money_is_of_unsold_orders', e.transaction_id::text, 'a transaction between a buyer and a seller'
    from payments.ledger_entries as e
   group by e.transaction_id
  having bool_or(e.account = 'BUYER_PAYABLE') and bool_or(e.account not in ('BUYER_PAYABLE', 'PROVIDER_CLEARING'))
  union all
  -- what is left of commission, VAT and subsidy is what was agreed less its refunded share, rounded once; the rest is the seller's
  select 'payments.seller_gets_total_less_commission', format('%s %s', r.order_id, r.seller_id),
         format('payable %s, commission %s, VAT %s, cost %s; agreed total %s, commission %s, VAT %s, cost %s, refunded %s',
                r.payable_minor, r.revenue_minor, r.tax_minor, r.cost_minor, r.total_minor, r.commission_minor, r.vat_minor,
                r.promotion_minor, r.refunded_minor)
    from remaining as r
   where r.refunded_minor not between 0 and r.total_minor
      or (r.all_refunded_minor = 0 and r.refunded_minor <> 0)
      or ((r.revenue_minor <> r.commission_minor - round(r.commission_minor::numeric * r.done_minor / r.of_minor)
           or r.tax_minor <> r.vat_minor - round(r.vat_minor::numeric * r.done_minor / r.of_minor)
           or r.cost_minor <> r.promotion_minor - round(r.promotion_minor::numeric * r.done_minor / r.of_minor))
          -- a part that cost the buyer nothing and was cancelled alone is taken back whole
          and not (r.total_minor = 0 and (r.revenue_minor, r.tax_minor, r.cost_minor) = (0, 0, 0)
                   and exists (select 1
                                 from orders.fulfilments as f
                                where f.seller_id = r.seller_id and f.order_id = r.order_id and f.status = 'CANCELLED')))
  union all
  -- an order that cost nothing is booked as agreed or, cancelled, not at all; the worker may not have come to it yet
  select 'payments.free_order_is_booked_as_agreed', format('%s %s', p.order_id, p.seller_id),
         format('%s; payable %s, cost %s, agreed cost %s', o.status, a.payable_minor, a.cost_minor, p.promotion_minor)
    from orders.orders as o
    join payments._seller_parts(array(select o.order_id from orders.orders as o where o.total_minor = 0)) as p
      on p.order_id = o.order_id
    join accounts as a on a.order_id = p.order_id and a.seller_id = p.seller_id
   where (a.payable_minor, a.cost_minor) <> (p.promotion_minor - p.commission_minor - p.vat_minor, p.promotion_minor)
     and (a.payable_minor, a.cost_minor) <> (0, 0)
$$;
comment on function payments._check_invariants() is 'Broken invariants of payments, refunds and the ledger.';
