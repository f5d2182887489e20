-- Takes up again what waits for a person about one payment: asks its provider anew, tries its stuck refunds now, and repeats those
-- that were refused as new refunds. Repeated it finds nothing, for what it took up is under way.
-- For ADMIN. Locks: order, its payments. Events: payments.refund_requested.
-- Problems: 401, 403; 404 payments.payment_not_found; 409 payments.nothing_to_retry.
create or replace function payments.retry_payment(p_ctx core.call_context, p_payment_id uuid) returns setof payments.payment_listing
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_order_id uuid;
  v_taken integer;
  v_count integer;
begin
  select p.order_id into v_order_id from payments.payments as p where p.payment_id = p_payment_id;
  if not found then
    raise exception 'payments.payment_not_found' using
      errcode = 'MK404', detail = 'There is no such payment.', hint = 'GET /payments/stuck lists those that wait for a person.';
  end if;
  perform orders._lock_orders(array[v_order_id]);
  perform payments._lock_payments(array[v_order_id]);

  update payments.payments as p
     set stuck_at = null, checks = 0, next_check_at = v_now
   where p.payment_id = p_payment_id and p.stuck_at is not null and p.status in ('PENDING', 'ABANDONED');
  get diagnostics v_taken = row_count;
  update payments.refunds as r
     set stuck_at = null, attempts = 0, next_attempt_at = v_now, updated_at = v_now
   where r.payment_id = p_payment_id and r.stuck_at is not null;
  get diagnostics v_count = row_count;
  v_taken := v_taken + v_count;
  select count(q.refund_id)
    into v_count
    from (select f.* from payments._open_failures() as f where f.payment_id = p_payment_id order by f.refund_id) as r
   cross join lateral payments._request_refunds(
           array[row(r.payment_id, r.amount_minor, r.reason, v_actor.user_id, p_ctx.request_id, r.seller_ids)::payments.refund_request],
           v_now) as q;
  if v_taken + v_count = 0 then
    raise exception 'payments.nothing_to_retry' using
      errcode = 'MK409', detail = 'Neither the payment nor a refund of it waits for a person.',
      hint = 'GET /payments/stuck lists those that do.';
  end if;
  return query
    select l.*
      from payments.list_payments(p_ctx, v_order_id, null, 100) as l
     where l.payment_id = p_payment_id;
end;
$$;
comment on function payments.retry_payment(core.call_context, uuid) is
  'Takes up a payment and its refunds again after an administrator has looked.';
grant execute on function payments.retry_payment(core.call_context, uuid) to tradepost_api;
