-- Reads the requests of a start_payments batch and refuses those whose caller is nobody, or who sent no usable token or key.
-- Private; reads only. A refused request carries its problem from here on.
create or replace function payments._parse_starts(p_requests jsonb, p_now timestamptz) returns payments.starting[]
language plpgsql
stable
as $$
begin
  return (
  select coalesce(array_agg(row(
           q.n, (q.request ->> 'actorId')::uuid, (q.request ->> 'sessionId')::uuid, q.request ->> 'requestId',
           q.request ->> 'idempotencyKey',
           sha256(convert_to(jsonb_build_object('orderId', q.request -> 'orderId', 'provider', q.request -> 'provider',
                                                'token', q.request -> 'token')::text, 'UTF8')),
           (q.request ->> 'orderId')::uuid, q.request ->> 'provider', q.request ->> 'token',
           null, null, p.problem[1], p.problem[2], p.problem[3])::payments.starting order by q.n), '{}')
    from jsonb_array_elements(p_requests) with ordinality as q (request, n)
    left join lateral (
      select u.user_id from identity.users as u where u.user_id = (q.request ->> 'actorId')::uuid and u.status = 'ACTIVE' offset 0
    ) as u on true
    left join lateral (
      select s.session_id from identity.sessions as s
       where s.session_id = (q.request ->> 'sessionId')::uuid and s.user_id = u.user_id
         and s.revoked_at is null and s.expires_at > p_now offset 0
    ) as s on true
   cross join lateral (
     select case
       when u.user_id is null or (q.request ->> 'sessionId' is not null and s.session_id is null)
         then array['identity.unauthenticated', 'This call needs somebody who is logged in.', 'Log in again.']
       when length(coalesce(q.request ->> 'token', '')) not between 1 and 200
         then array['payments.method_token_invalid', 'A payment method token has 1 to 200 characters.',
                    'Send the token that the provider gave for the method.']
       when q.request ->> 'idempotencyKey' is null
         then array['core.idempotency_key_required', 'This request must carry an idempotency key.',
                    'Send the header Idempotency-Key with a value that is unique to this request, such as a UUID.']
       when length(q.request ->> 'idempotencyKey') not between 1 and 255 or q.request ->> 'idempotencyKey' ~ '[^\x21-\x7e]'
         then array['core.idempotency_key_invalid', 'An idempotency key is 1 to 255 visible ASCII characters.', 'Use a UUID.']
     end as problem) as p);
end
$$;
comment on function payments._parse_starts(jsonb, timestamptz) is
  'Parses a start_payments batch and checks each caller against current rows.';
