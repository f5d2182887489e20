-- Refunds as the log tells them up to p_upto; of the payments p_payment_ids only, or of all (null).
-- is_latest: nothing happened to the refund after p_upto.
-- Private; meant to be inlined into the caller's statement. Locks: none.
create or replace function payments._fold_refunds(p_upto bigint, p_payment_ids uuid[])
returns table (
  refund_id uuid, payment_id uuid, order_id uuid, amount_minor bigint, currency text, status text, failure_code text,
  seller_ids uuid[], requested_at timestamptz, is_latest boolean
)
language sql
stable
as $$
  select (r.payload ->> 'refundId')::uuid, r.aggregate_id, (r.payload ->> 'orderId')::uuid,
         (r.payload ->> 'refundAmountMinor')::bigint, r.payload ->> 'currency',
         m.last[2], m.last[3],
         case when r.payload ? 'sellerIds' then array(select s.id::uuid from jsonb_array_elements_text(r.payload -> 'sellerIds') as s (id)) end,
         r.occurred_at, m.is_latest
    from events.recorded as r
    join (select (e.payload ->> 'refundId')::uuid as refund_id,
                 max(array[lpad(e.position::text, 19, '0'), e.payload ->> 'refundStatus', e.payload ->> 'refundFailureCode'])
                   filter (where e.position <= p_upto) as last,
                 bool_and(e.position <= p_upto) as is_latest
            from events.recorded as e
           where e.aggregate_type = 'payment' and e.payload ? 'refundId'
             and (p_payment_ids is null or e.aggregate_id = any (p_payment_ids))
           group by 1) as m on m.refund_id = (r.payload ->> 'refundId')::uuid
   where r.type = 'payments.refund_requested' and r.position <= p_upto
     and (p_payment_ids is null or r.aggregate_id = any (p_payment_ids))
$$;
comment on function payments._fold_refunds(bigint, uuid[]) is 'Refunds folded from the log up to a number.';
