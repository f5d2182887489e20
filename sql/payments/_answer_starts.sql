-- The answer rows of starts of payments: the payments as they are now, or why none was begun.
-- Private; reads only.
create or replace function payments._answer_starts(p_starts payments.starting[]) returns setof payments.payment_start
language plpgsql
stable
as $$
begin
  return query
  select s.request_no, s.problem_code is null and s.outcome = 'REPLAY',
         t.status::integer, s.problem_code, s.problem_detail, s.problem_hint,
         case when s.problem_code = 'payments.method_token_invalid'
              then jsonb_build_array(jsonb_build_object('pointer', '/method/token', 'code', t.code, 'detail', s.problem_detail))
         end,
         p.payment_id, p.order_id, p.order_status, p.status, p.amount_minor, p.currency, p.provider, p.version, p.created_at
    from unnest(p_starts) as s
    left join core.problem_types as t on t.code = s.problem_code
    left join lateral (
      select p.payment_id, p.order_id, o.status as order_status, p.status, p.amount_minor, p.currency::text as currency,
             p.provider, p.version, p.created_at
        from payments.payments as p
        join orders.orders as o on o.order_id = p.order_id
       where p.payment_id = s.payment_id and s.problem_code is null offset 0
    ) as p on true
   order by s.request_no;
end
$$;
comment on function payments._answer_starts(payments.starting[]) is 'One payments.payment_start row per request of a start_payments batch.';
