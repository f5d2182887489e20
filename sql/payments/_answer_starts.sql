-- The answer rows of a start_payments batch: the payments as they are now, or why none was begun. A request that repeats another
-- one of its batch is answered like that one.
-- Private; reads only.
create or replace function payments._answer_starts(p_starts payments.starting[]) returns setof payments.payment_start
language plpgsql
stable
as $$
begin
  return query
  select s.request_no, w.problem_code is null and s.outcome in ('REPLAY', 'DUPLICATE'),
         t.status::integer, w.problem_code, w.problem_detail, w.problem_hint,
         case when w.problem_code = 'payments.method_token_invalid'
              then jsonb_build_array(jsonb_build_object('pointer', '/method/token', 'code', t.code, 'detail', w.problem_detail))
         end,
         p.payment_id, p.order_id, p.order_status, p.status, p.amount_minor, p.currency, p.provider, p.version, p.created_at
    from unnest(p_starts) as s
    join unnest(p_starts) as w on w.request_no = coalesce(s.same_as, s.request_no)
    left join core.problem_types as t on t.code = w.problem_code
    left join lateral (
      select p.payment_id, p.order_id, o.status as order_status, p.status, p.amount_minor, p.currency::text as currency,
             p.provider, p.version, p.created_at
        from payments.payments as p
        join orders.orders as o on o.order_id = p.order_id
       where p.payment_id = s.payment_id and w.problem_code is null offset 0
    ) as p on true
   order by s.request_no;
end
$$;
comment on function payments._answer_starts(payments.starting[]) is 'One payments.payment_start row per request of a start_payments batch.';
