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
                        where e.transaction_id = p.payment_id and e.account = 'BUYER_PAYABLE')
  ), shares as (
    select s.order_id, s.refunded_minor, f.seller_id, f.total_minor,
           (select coalesce(sum(c.amount_minor), 0)
              from orders.commissions as c
             where c.seller_id = f.seller_id and c.order_id = f.order_id) as commission_minor,
           -coalesce((select l.balance_minor from ledger as l
                       where l.order_id = s.order_id and l.seller_id = f.seller_id and l.account = 'SELLER_PAYABLE'), 0)
             as payable_minor,
           -coalesce((select l.balance_minor from ledger as l
                       where l.order_id = s.order_id and l.seller_id = f.seller_id and l.account = 'COMMISSION_REVENUE'), 0)
             as revenue_minor
      from sold as s
      join orders.fulfilments as f on f.seller_id = any (s.seller_ids) and f.order_id = s.order_id
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
                      where e.transaction_id = p.payment_id and e.account = 'BUYER_PAYABLE'))
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
  select 'payments.seller_gets_total_less_commission', format('%s %s', s.order_id, s.seller_id),
         format('payable %s, commission %s; total %s, agreed commission %s', s.payable_minor, s.revenue_minor,
                s.total_minor, s.commission_minor)
    from shares as s
   where s.payable_minor < 0 or s.revenue_minor < 0
      or s.payable_minor + s.revenue_minor > s.total_minor
      or (s.refunded_minor = 0
          and (s.revenue_minor <> s.commission_minor or s.payable_minor <> s.total_minor - s.commission_minor))
      or s.revenue_minor <> case when s.total_minor = 0 then 0
           else s.commission_minor
                - round(s.commission_minor * (s.total_minor - s.payable_minor - s.revenue_minor) / s.total_minor) end
$$;
comment on function payments._check_invariants() is 'Broken invariants of payments, refunds and the ledger.';
