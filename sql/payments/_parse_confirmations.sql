-- Reads the requests of a confirm_payments batch and refuses those whose caller is nobody or who sent no usable key.
-- Private; reads only. A refused request carries its problem_code from here on.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
create or replace function payments._parse_confirmations(p_requests jsonb) returns payments.confirming[]
language plpgsql
stable
as $$
declare
  v_now constant timestamptz := core.now();
begin
  return (
  select coalesce(array_agg(row(
           q.n, (q.request ->> 'actorId')::uuid, (q.request ->> 'sessionId')::uuid, q.request ->> 'requestId',
           q.request ->> 'idempotencyKey',
           sha256(convert_to(jsonb_build_array(q.request -> 'orderId', q.request -> 'body')::text, 'UTF8')),
           (q.request ->> 'orderId')::uuid, (q.request -> 'body' ->> 'paymentId')::uuid,
           (q.request -> 'settlement' ->> 'paymentId')::uuid,
           (q.request -> 'settlement' ->> 'amountMinor')::bigint,
           q.request -> 'settlement' ->> 'currency',
           (q.request -> 'settlement' ->> 'isSuccess')::boolean,
           left(q.request -> 'settlement' ->> 'failureCode', 100),
           q.request -> 'settlement' ->> 'providerReference',
           case
             when u.user_id is null then 'identity.unauthenticated'
             when q.request ->> 'sessionId' is not null and s.session_id is null then 'identity.unauthenticated'
             when q.request ->> 'idempotencyKey' is null then 'core.idempotency_key_required'
             when length(q.request ->> 'idempotencyKey') not between 1 and 255 or q.request ->> 'idempotencyKey' ~ '[^\x21-\x7e]'
               then 'core.idempotency_key_invalid'
           end)::payments.confirming order by q.n), '{}')
    from jsonb_array_elements(p_requests) with ordinality as q (request, n)
    left join lateral (
      select u.user_id from identity.users as u where u.user_id = (q.request ->> 'actorId')::uuid and u.status = 'ACTIVE' offset 0
    ) as u on true
    left join lateral (
      select s.session_id from identity.sessions as s
       where s.session_id = (q.request ->> 'sessionId')::uuid and s.user_id = u.user_id
         and s.revoked_at is null and s.expires_at > v_now offset 0
    ) as s on true);
end
$$;
comment on function payments._parse_confirmations(jsonb) is
  'Parses a confirm_payments batch and checks each caller against current rows.';
