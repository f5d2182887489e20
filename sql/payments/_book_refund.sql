-- Books a refund that the provider has paid out. What was not sold leaves BUYER_PAYABLE. What was sold is taken back from
-- the sellers in proportion to what each has left of the order (largest remainder, ties by seller_id), and within a
-- seller from commission and payable by cumulative rounding: the last refund closes every account to zero.
-- Private; the caller holds the locks of order, payment and refund, and has not yet added the refund to the payment.
create or replace function payments._book_refund(p_refund payments.refunds, p_now timestamptz) returns void
language sql
volatile
as $$
  with sellers as (
    select f.seller_id, f.total_minor,
           (select coalesce(sum(c.amount_minor), 0)
              from orders.commissions as c
             where c.seller_id = f.seller_id and c.order_id = f.order_id) as commission_minor,
           coalesce(b.refunded_minor, 0) as refunded_minor,
           coalesce(b.commission_back_minor, 0) as commission_back_minor
      from orders.orders as o
      join orders.fulfilments as f on f.seller_id = any (o.seller_ids) and f.order_id = o.order_id
      left join lateral (
        select sum(e.amount_minor) as refunded_minor,
               sum(e.amount_minor) filter (where e.account = 'COMMISSION_REVENUE') as commission_back_minor
          from payments.ledger_entries as e
         where e.order_id = o.order_id and e.seller_id = f.seller_id and e.transaction_id <> p_refund.payment_id
      ) as b on true
     where o.order_id = p_refund.order_id
       and not exists (select 1
                         from payments.ledger_entries as e
                        where e.transaction_id = p_refund.payment_id and e.account = 'BUYER_PAYABLE')
  ), exact as (
    select s.*, s.total_minor - s.refunded_minor as left_minor,
           p_refund.amount_minor * (s.total_minor - s.refunded_minor) as product,
           sum(s.total_minor - s.refunded_minor) over () as all_left_minor
      from sellers as s
  ), floored as (
    select x.*, div(x.product, x.all_left_minor) as floor_minor,
           row_number() over (order by mod(x.product, x.all_left_minor) desc, x.seller_id) as remainder_rank
      from exact as x
     where x.left_minor > 0
  ), shares as (
    select f.*, f.floor_minor
           + (f.remainder_rank <= p_refund.amount_minor - sum(f.floor_minor) over ())::integer as share_minor
      from floored as f
  ), backs as (
    select s.seller_id, s.share_minor,
           round(s.commission_minor * (s.refunded_minor + s.share_minor) / s.total_minor)
           - s.commission_back_minor as back_minor
      from shares as s
  ), entries as (
    select '00000000-0000-0000-0000-000000000000'::uuid as seller_id, 'PROVIDER_CLEARING' as account,
           -p_refund.amount_minor::numeric as amount_minor
    union all
    select '00000000-0000-0000-0000-000000000000', 'BUYER_PAYABLE', p_refund.amount_minor
     where not exists (select 1 from sellers)
    union all
    select b.seller_id, 'SELLER_PAYABLE', b.share_minor - b.back_minor from backs as b
    union all
    select b.seller_id, 'COMMISSION_REVENUE', b.back_minor from backs as b
  )
  insert into payments.ledger_entries
    (seller_id, entry_id, transaction_id, order_id, account, amount_minor, currency, created_at)
  select e.seller_id, core.new_id(), p_refund.refund_id, p_refund.order_id, e.account, e.amount_minor::bigint,
         p_refund.currency, p_now
    from entries as e
   where e.amount_minor <> 0
$$;
comment on function payments._book_refund(payments.refunds, timestamptz) is
  'Ledger entries of a paid-out refund, split over the sellers and their commissions without losing a minor unit.';
