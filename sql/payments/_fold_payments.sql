-- Payments as the log tells them up to p_upto; of p_payment_ids only, or of all (null). version counts the events,
-- refunded_minor adds up the refunds that succeeded. is_surplus is null where the success was told by a release that did not
-- say; is_latest: nothing happened to the payment after p_upto.
-- Private; meant to be inlined into the caller's statement. Locks: none.
create or replace function payments._fold_payments(p_upto bigint, p_payment_ids uuid[])
returns table (
  payment_id uuid, order_id uuid, provider text, amount_minor bigint, currency text, status text, failure_code text,
  refunded_minor bigint, is_surplus boolean, version integer, created_at timestamptz, is_latest boolean
)
language sql
stable
as $$
  select s.aggregate_id, (s.payload ->> 'orderId')::uuid, s.payload ->> 'provider', (s.payload ->> 'amountMinor')::bigint,
         s.payload ->> 'currency', m.last[2], m.last[3], m.refunded_minor,
         case when m.last[2] = 'SUCCEEDED' then m.last[4]::boolean else false end,
         m.version::integer, s.occurred_at, m.is_latest
    from events.recorded as s
    join (select e.aggregate_id,
                 count(*) filter (where e.position <= p_upto) as version,
                 max(array[lpad(e.position::text, 19, '0'), e.payload ->> 'status', e.payload ->> 'failureCode',
                           e.payload ->> 'isSurplus'])
                   filter (where e.type like 'payments.payment\_%' and e.position <= p_upto) as last,
                 coalesce(sum((e.payload ->> 'refundAmountMinor')::bigint)
                   filter (where e.type = 'payments.refund_succeeded' and e.position <= p_upto), 0)::bigint as refunded_minor,
                 bool_and(e.position <= p_upto) as is_latest
            from events.recorded as e
           where e.aggregate_type = 'payment'
             and (p_payment_ids is null or e.aggregate_id = any (p_payment_ids))
           group by e.aggregate_id) as m on m.aggregate_id = s.aggregate_id
   where s.type = 'payments.payment_started' and s.position <= p_upto
     and (p_payment_ids is null or s.aggregate_id = any (p_payment_ids))
$$;
comment on function payments._fold_payments(bigint, uuid[]) is 'Payments folded from the log up to a number.';
