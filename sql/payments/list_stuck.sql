-- What a person has to look at, oldest payment first: payments whose provider never said what became of them, refunds that it does not
-- answer, refunds that it refused. Each leaves the list when it is settled.
-- For ADMIN. Locks: none.
-- Problems: 400 core.cursor_invalid; 401, 403.
create or replace function payments.list_stuck(p_ctx core.call_context, p_cursor text, p_limit integer)
returns setof payments.stuck_item
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_after constant text[] := core._decode_cursor(p_cursor, array['uuid']);
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  return query
    select i.kind, i.payment_id, i.refund_id, i.order_id, o.status, i.amount_minor, i.currency, i.status, i.failure_code, i.attempts,
           i.since, core._encode_cursor(i.id::text)
      from (select 'PAYMENT' as kind, p.payment_id, null::uuid as refund_id, p.order_id, p.amount_minor, p.currency::text as currency,
                   p.status, p.failure_code, p.checks as attempts, p.stuck_at as since, p.payment_id as id
              from payments.payments as p
             where p.stuck_at is not null and p.status in ('PENDING', 'ABANDONED')
            union all
            select 'REFUND', r.payment_id, r.refund_id, r.order_id, r.amount_minor, r.currency::text, r.status, r.failure_code,
                   r.attempts, r.stuck_at, r.refund_id
              from payments.refunds as r
             where r.stuck_at is not null
            union all
            select 'REFUND', r.payment_id, r.refund_id, r.order_id, r.amount_minor, r.currency::text, r.status, r.failure_code,
                   r.attempts, r.updated_at, r.refund_id
              from payments._open_failures() as r) as i
      join orders.orders as o using (order_id)
     where v_after is null or i.id > v_after[1]::uuid
     order by i.id
     limit core._page_limit(p_limit);
end;
$$;
comment on function payments.list_stuck(core.call_context, text, integer) is 'Payments and refunds that wait for a person, for administrators.';
grant execute on function payments.list_stuck(core.call_context, text, integer) to tradepost_api;
