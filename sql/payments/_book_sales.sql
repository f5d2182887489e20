-- Books payments that succeeded, and orders that cost nothing. The money is with the provider (debit), the discounts that the
-- platform bears are its cost (debit); it all belongs to the sellers and, as commission and VAT, to the marketplace, or, for an
-- order that could not be sold any more, still to the buyer. The transaction is the payment, or the order that had none.
-- Private; the caller holds the locks of the orders and payments. Locks: none of its own (append-only).
create or replace function payments._book_sales(
  p_sold_payment_ids uuid[], p_unsold_payment_ids uuid[], p_free_order_ids uuid[], p_now timestamptz
) returns void
language plpgsql
volatile
as $$
begin
  with sold as materialized (
    select p.payment_id as transaction_id, p.order_id, p.currency, p.amount_minor
      from payments.payments as p
     where p.payment_id = any (p_sold_payment_ids)
    union all
    select o.order_id, o.order_id, o.currency, 0
      from orders.orders as o
     where o.order_id = any (p_free_order_ids)
  ), unsold as (
    select p.payment_id as transaction_id, p.order_id, p.currency, p.amount_minor
      from payments.payments as p
     where p.payment_id = any (p_unsold_payment_ids)
  ), parts as materialized (
    select s.transaction_id, s.currency, p.*
      from sold as s
      join payments._seller_parts(array(select s.order_id from sold as s)) as p on p.order_id = s.order_id
  ), entries as (
    select '00000000-0000-0000-0000-000000000000'::uuid as seller_id, transaction_id, order_id,
           'PROVIDER_CLEARING' as account, amount_minor, currency
      from sold
    union all
    select seller_id, transaction_id, order_id, 'SELLER_PAYABLE',
           commission_minor + vat_minor - total_minor - promotion_minor, currency
      from parts
    union all
    select seller_id, transaction_id, order_id, 'COMMISSION_REVENUE', -commission_minor, currency from parts
    union all
    select seller_id, transaction_id, order_id, 'COMMISSION_VAT', -vat_minor, currency from parts
    union all
    select seller_id, transaction_id, order_id, 'PROMOTION_COST', promotion_minor, currency from parts
    union all
    select '00000000-0000-0000-0000-000000000000', transaction_id, order_id, 'PROVIDER_CLEARING', amount_minor, currency
      from unsold
    union all
    select '00000000-0000-0000-0000-000000000000', transaction_id, order_id, 'BUYER_PAYABLE', -amount_minor, currency
      from unsold
  )
  insert into payments.ledger_entries
    (seller_id, entry_id, transaction_id, order_id, account, amount_minor, currency, created_at)
  select e.seller_id, core.new_id(), e.transaction_id, e.order_id, e.account, e.amount_minor, e.currency, p_now
    from entries as e
   where e.amount_minor <> 0;
end
$$;
comment on function payments._book_sales(uuid[], uuid[], uuid[], timestamptz) is
  'Ledger entries of succeeded payments and of orders that cost nothing: to sellers and marketplace when sold, else to the buyer.';
