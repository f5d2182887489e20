-- Locks all payments of some orders, in one order of keys. A new statement sees what their last holders did.
-- Private. Locks: payments by (order_id, payment_id), which is the order of the index that finds them: sorted by payment_id alone,
-- a plan made when the table was small would read all of it. The caller holds the orders' locks.
create or replace function payments._lock_payments(p_order_ids uuid[]) returns setof payments.payments
language plpgsql
volatile
as $$
begin
  return query
  select p.*
    from payments.payments as p
   where p.order_id = any (p_order_ids)
   order by p.order_id, p.payment_id
     for no key update;
end
$$;
comment on function payments._lock_payments(uuid[]) is 'Locks the payments of these orders, ordered by (order_id, payment_id).';
