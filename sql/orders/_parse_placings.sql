-- Reads the requests of a place_orders batch and checks what can be checked without locks: who asks, and the shape.
-- Private; reads only. A refused request carries its problem from here on.
-- MATERIALIZED: each step is computed once, not once for each use of its columns. OFFSET 0: always a lookup by key, whatever was
-- in the tables when the statement was planned.
-- long: one case per rule, read top to bottom.
create or replace function orders._parse_placings(p_requests jsonb)
returns orders.placing[]
language plpgsql
stable
as $$
begin
  return (
  with limits as materialized (
    select core._setting_int('orders.lines_max') as lines, core._setting_int('orders.line_quantity_max') as quantity, core.now() as at
  ), parsed as materialized (
    select r.n, r.request,
           (r.request ->> 'actorId')::uuid as buyer_id,
           (r.request ->> 'sessionId')::uuid as session_id,
           r.request -> 'lines' as lines,
           array(select distinct upper(btrim(c.code))
                 from jsonb_array_elements_text(nullif(r.request -> 'couponCodes', 'null')) as c (code)
                 order by 1) as coupon_codes
    from jsonb_array_elements(p_requests) with ordinality as r (request, n)
  ), checked as materialized (
    select p.*, refusal.*
    from parsed as p
    cross join limits as most
    left join lateral (
      select * from identity.users as u where u.user_id = p.buyer_id and u.status = 'ACTIVE' offset 0
    ) as u on true
    left join lateral (select * from identity.sessions as s where s.session_id = p.session_id offset 0) as s on true
    left join core.currencies as c on c.currency = p.request ->> 'currency'
    left join lateral (
      select min(l.n) - 1 as index
      from jsonb_array_elements(case jsonb_typeof(p.lines) when 'array' then p.lines else '[]' end)
        with ordinality as l (line, n)
      where jsonb_typeof(l.line -> 'quantity') is distinct from 'number'
         or (l.line ->> 'quantity')::numeric not between 1 and most.quantity
         or (l.line ->> 'quantity')::numeric % 1 <> 0
    ) as bad_line on true
    cross join lateral orders._bad_address_field(p.request -> 'shippingAddress') as bad_field
    cross join lateral (
      select case
        when u.user_id is null or (p.session_id is not null and
             (s.user_id is distinct from p.buyer_id or s.revoked_at is not null or s.expires_at <= most.at))
          then array['401', 'identity.unauthenticated', 'This call needs somebody who is logged in.', null, 'Log in again.']
        when u.role <> 'BUYER' then array['403', 'identity.role_required', 'This call is for BUYER.', null,
                     'Log in as a buyer.']
        when p.request ->> 'idempotencyKey' is null
          then array['400', 'core.idempotency_key_required', 'Placing an order needs an idempotency key.', null,
                     'Send the header Idempotency-Key with a value that is unique to this request, such as a UUID.']
        when p.request ->> 'idempotencyKey' ~ '[^!-~]' or length(p.request ->> 'idempotencyKey') not between 1 and 255
          then array['400', 'core.idempotency_key_invalid', 'An idempotency key has 1 to 255 visible ASCII characters.', null,
                     'Use a UUID.']
        when c.currency is null
          then array['422', 'orders.currency_unknown', 'The currency is not one this marketplace trades in.', 'currency',
                     'Use an ISO 4217 code that the marketplace trades in, such as USD.']
        when jsonb_typeof(p.lines) is distinct from 'array' or jsonb_array_length(p.lines) = 0
          then array['422', 'orders.lines_required', 'An order needs at least one line.', 'lines',
                     'Send a line {variantId, quantity} for each thing to buy.']
        when jsonb_array_length(p.lines) > most.lines
          then array['422', 'orders.too_many_lines', format('An order has at most %s lines.', most.lines), 'lines',
                     'Split the lines over several orders.']
        when bad_line.index is not null
          then array['422', 'orders.quantity_invalid', format('A line takes 1 to %s units.', most.quantity),
                     format('lines/%s/quantity', bad_line.index), 'Send a whole number within these limits.']
        when cardinality(p.coupon_codes) > 10
          then array['422', 'orders.too_many_coupons', 'An order takes at most 10 coupon codes.', 'couponCodes',
                     'Send the coupons that matter most.']
        when exists (select from unnest(p.coupon_codes) as c (code) where length(c.code) not between 1 and 40)
          then array['422', 'orders.coupon_code_invalid', 'A coupon code has 1 to 40 characters.', 'couponCodes',
                     'Send the code as it was given out.']
        when bad_field is not null
          then array['422', 'orders.address_invalid',
                     'The shipping address needs name, line1, city and a two-letter countryCode, each within its length and on one line.',
                     'shippingAddress' || bad_field, 'Correct the field that errors names.']
      end as problem
    ) as refusal
  )
  select array_agg(row(
    n, buyer_id, session_id, request ->> 'requestId', request ->> 'idempotencyKey',
    sha256(convert_to((request - array['sessionId', 'requestId', 'clientIp', 'idempotencyKey'])::text, 'UTF8')),
    request ->> 'currency', coupon_codes, request -> 'shippingAddress', lines,
    null, null, false,
    problem[1], problem[2], problem[3], problem[5],
    case when problem[4] is not null
      then jsonb_build_array(jsonb_build_object('pointer', '/' || problem[4], 'code', problem[2], 'detail', problem[3])) end
    )::orders.placing order by n)
  from checked);
end
$$;
comment on function orders._parse_placings(jsonb) is
  'Parses and validates the requests of a place_orders batch; refused ones carry problem_* from then on.';
