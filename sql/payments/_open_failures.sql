-- Refunds that failed for good and whose money no other refund carries: those a person has to take up again.
-- Private; reads only.
create or replace function payments._open_failures() returns setof payments.refunds
language sql
stable
as $$
  select r.*
    from payments.refunds as r
   where r.status = 'FAILED'
     and case when r.seller_ids is null then payments._unrefunded(r.payment_id, false) >= r.amount_minor
              else not exists (select 1
                                 from payments.refunds as l
                                where l.payment_id = r.payment_id and l.seller_ids = r.seller_ids and l.status <> 'FAILED') end
     -- of several tries the last one stands for all
     and not exists (select 1
                       from payments.refunds as l
                      where l.payment_id = r.payment_id and l.seller_ids is not distinct from r.seller_ids
                        and l.status = 'FAILED' and l.amount_minor = r.amount_minor and l.refund_id > r.refund_id)
$$;
comment on function payments._open_failures() is 'FAILED refunds whose money has not gone back otherwise.';
