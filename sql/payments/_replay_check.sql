-- Compares payments and refunds with what the log tells up to p_upto. Of what something happened to after p_upto, only that
-- is compared which never changes. Called by events.replay_check. Private. Locks: none.
create or replace function payments._replay_check(p_upto bigint)
returns setof core.replay_difference
language plpgsql
stable
as $$
declare
  v_is_whole constant boolean := p_upto = 9223372036854775807;
begin
  return query
  select 'payment', coalesce(f.payment_id, t.payment_id)::text, d.field, d.expected, d.found
    from payments._fold_payments(p_upto, null) as f
    full join payments.payments as t on t.payment_id = f.payment_id
    left join lateral (
      select f.order_id, f.provider, f.amount_minor, f.currency, f.created_at,
             case when f.is_latest then f.status else t.status end as status,
             case when f.is_latest then f.failure_code else t.failure_code end as failure_code,
             case when f.is_latest then f.refunded_minor else t.refunded_minor end as refunded_minor,
             case when f.is_latest then coalesce(f.is_surplus, t.is_surplus) else t.is_surplus end as is_surplus,
             case when f.is_latest then f.version else t.version end as version) as log on f.payment_id is not null
    left join lateral (
      select t.order_id, t.provider, t.amount_minor, t.currency::text as currency, t.created_at, t.status, t.failure_code,
             t.refunded_minor, t.is_surplus, t.version) as tab on t.payment_id is not null
   cross join lateral core._differences(to_jsonb(log), to_jsonb(tab)) as d
   where log is distinct from tab and (f.payment_id is not null or v_is_whole);

  return query
  select 'refund', coalesce(f.refund_id, t.refund_id)::text, d.field, d.expected, d.found
    from payments._fold_refunds(p_upto, null) as f
    full join payments.refunds as t on t.refund_id = f.refund_id
    left join lateral (
      select f.payment_id, f.order_id, f.amount_minor, f.currency, f.requested_at as created_at, f.seller_ids,
             case when f.is_latest then f.status else t.status end as status,
             case when f.is_latest then f.failure_code else t.failure_code end as failure_code) as log on f.refund_id is not null
    left join lateral (
      select t.payment_id, t.order_id, t.amount_minor, t.currency::text as currency, t.created_at, t.seller_ids, t.status,
             t.failure_code) as tab on t.refund_id is not null
   cross join lateral core._differences(to_jsonb(log), to_jsonb(tab)) as d
   where log is distinct from tab and (f.refund_id is not null or v_is_whole);
end
$$;
comment on function payments._replay_check(bigint) is 'Differences between payments, refunds and the log up to a number.';
