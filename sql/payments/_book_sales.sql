-- Books payments that succeeded. The money is with the provider (debit); it belongs to the sellers and, as commission,
-- to the marketplace, or, for an order that could not be sold any more, still to the buyer.
-- Private; the caller holds the locks of the orders and payments. Locks: none of its own (append-only).
create or replace function payments._book_sales(
  p_sold_payment_ids uuid[], p_unsold_payment_ids uuid[], p_now timestamptz
) returns void
language plpgsql
volatile
as $$
begin
  with sold as (
    select p.payment_id, p.order_id, p.currency, p.amount_minor, o.seller_ids
      from payments.payments as p
      join orders.orders as o using (order_id)
     where p.payment_id = any (p_sold_payment_ids)
  ), unsold as (
    select p.payment_id, p.order_id, p.currency, p.amount_minor
      from payments.payments as p
     where p.payment_id = any (p_unsold_payment_ids)
  ), shares as (
    select s.payment_id, s.order_id, s.currency, f.seller_id, f.total_minor, c.commission_minor
      from sold as s
      join orders.fulfilments as f on f.seller_id = any (s.seller_ids) and f.order_id = s.order_id
      cross join lateral (select coalesce(sum(c.amount_minor), 0)::bigint as commission_minor
                            from orders.commissions as c
                           where c.seller_id = f.seller_id and c.order_id = f.order_id) as c
  ), entries as (
    select '00000000-0000-0000-0000-000000000000'::uuid as seller_id, payment_id, order_id,
           'PROVIDER_CLEARING' as account, amount_minor, currency
      from sold
    union all
    select seller_id, payment_id, order_id, 'SELLER_PAYABLE', commission_minor - total_minor, currency from shares
    union all
    select seller_id, payment_id, order_id, 'COMMISSION_REVENUE', -commission_minor, currency from shares
    union all
    select '00000000-0000-0000-0000-000000000000', payment_id, order_id, 'PROVIDER_CLEARING', amount_minor, currency
      from unsold
    union all
    select '00000000-0000-0000-0000-000000000000', payment_id, order_id, 'BUYER_PAYABLE', -amount_minor, currency
      from unsold
  )
  insert into payments.ledger_entries
    (seller_id, entry_id, transaction_id, order_id, account, amount_minor, currency, created_at)
  select e.seller_id, core.new_id(), e.payment_id, e.order_id, e.account, e.amount_minor, e.currency, p_now
    from entries as e
   where e.amount_minor <> 0;
end
$$;
comment on function payments._book_sales(uuid[], uuid[], timestamptz) is
  'Ledger entries of succeeded payments: to the sellers and the marketplace when sold, to the buyer''s credit when not.';
