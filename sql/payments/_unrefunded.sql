-- What of a payment no refund speaks for yet. Cancelled parts that a refund names are spoken for by their totals, whatever became of
-- that refund: their money goes back as theirs or not at all. Of the others those under way count, and failed ones where asked.
-- Private; reads rows that the caller has locked.
create or replace function payments._unrefunded(p_payment_id uuid, p_counts_failed boolean) returns bigint
language sql
stable
as $$
  select p.amount_minor
         - (select coalesce(sum(r.amount_minor), 0)::bigint
              from payments.refunds as r
             where r.payment_id = p.payment_id and r.seller_ids is null and (p_counts_failed or r.status <> 'FAILED'))
         - (select coalesce(sum(f.total_minor), 0)::bigint
              from orders.fulfilments as f
             where f.order_id = p.order_id
               and f.seller_id in (select unnest(r.seller_ids) from payments.refunds as r where r.payment_id = p.payment_id))
    from payments.payments as p
   where p.payment_id = p_payment_id
$$;
comment on function payments._unrefunded(uuid, boolean) is 'What of a payment no refund speaks for yet, in minor units.';
