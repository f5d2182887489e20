-- Reads the requests of a reserve_stock batch and checks what can be checked without locks: who asks, and the shape.
-- Private; reads only. A refused request carries its problem from here on.
-- long: one case per rule, read top to bottom.
create or replace function inventory._parse_reservings(p_requests jsonb)
returns inventory.reserving[]
language plpgsql
stable
as $$
begin
  return (
  with parsed as (
    select r.n, r.request,
           (r.request ->> 'actorId')::uuid as account_id,
           (r.request ->> 'sessionId')::uuid as session_id,
           case jsonb_typeof(r.request -> 'lines') when 'array' then r.request -> 'lines' else '[]' end as lines,
           coalesce((r.request ->> 'ttlSeconds')::numeric, core._setting_int('inventory.hold_ttl_default_s')) as ttl_s
    from jsonb_array_elements(p_requests) with ordinality as r (request, n)
  ), checked as (
    select p.*, refusal.problem
    from parsed as p
    left join lateral (
      select u.user_id from identity.users as u where u.user_id = p.account_id and u.status = 'ACTIVE' offset 0) as u on true
    left join lateral (
      select s.user_id, s.revoked_at, s.expires_at from identity.sessions as s where s.session_id = p.session_id offset 0) as s on true
    left join lateral (
      select min(l.n) - 1 as index
      from jsonb_array_elements(p.lines) with ordinality as l (line, n)
      where not coalesce((l.line ->> 'quantity')::numeric between 1 and core._setting_int('inventory.on_hand_max')
                         and (l.line ->> 'quantity')::numeric % 1 = 0, false)
    ) as bad_quantity on true
    left join lateral (
      select min(l.n) - 1 as index
      from jsonb_array_elements(p.lines) with ordinality as l (line, n)
      where not exists (
        select from catalog.offers as o  -- one offer at a time, and not all of them beside all lines
        join catalog.variants as v on v.variant_id = o.variant_id
        join catalog.products as pr on pr.product_id = v.product_id
        join identity.sellers as se on se.seller_id = o.seller_id
        where o.seller_id = (l.line ->> 'sellerId')::uuid and o.variant_id = (l.line ->> 'variantId')::uuid
          and o.status = 'ACTIVE' and v.status = 'ACTIVE'
          and (pr.status = 'ACTIVE' and se.status = 'ACTIVE'
               or exists (select from identity.seller_members as m
                          where m.seller_id = o.seller_id and m.user_id = p.account_id))
        offset 0)
    ) as unknown_offer on true
    cross join lateral (
      select case
        when u.user_id is null or (p.session_id is not null and
             (s.user_id is distinct from p.account_id or s.revoked_at is not null or s.expires_at <= core.now()))
          then array['401', 'identity.unauthenticated', 'This call needs somebody who is logged in.', null, 'Log in again.']
        when p.request ->> 'idempotencyKey' is null
          then array['400', 'core.idempotency_key_required', 'Reserving stock needs an idempotency key.', null,
                     'Send the header Idempotency-Key with a value that is unique to this request, such as a UUID.']
        when p.request ->> 'idempotencyKey' ~ '[^!-~]' or length(p.request ->> 'idempotencyKey') not between 1 and 255
          then array['400', 'core.idempotency_key_invalid', 'An idempotency key has 1 to 255 visible ASCII characters.', null,
                     'Use a UUID.']
        when jsonb_array_length(p.lines) = 0
          then array['422', 'inventory.lines_required', 'A reservation needs at least one line.', 'lines',
                     'Send a line {variantId, sellerId, quantity} for each thing to hold.']
        when jsonb_array_length(p.lines) > core._setting_int('inventory.reserve_lines_max')
          then array['422', 'inventory.too_many_lines',
                     format('A reservation has at most %s lines.', core._setting_int('inventory.reserve_lines_max')), 'lines',
                     'Split the lines over several reservations.']
        when not coalesce(p.ttl_s between 1 and core._setting_int('inventory.hold_ttl_max_s') and p.ttl_s % 1 = 0, false)
          then array['422', 'inventory.ttl_invalid',
                     format('A reservation lives 1 to %s seconds.', core._setting_int('inventory.hold_ttl_max_s')), 'ttlSeconds',
                     'Send a whole number within these limits, or leave it out.']
        when length(p.request ->> 'reference') > 200
          then array['422', 'inventory.reference_too_long', 'A reference has at most 200 characters.', 'reference',
                     'Shorten the reference.']
        when bad_quantity.index is not null
          then array['422', 'inventory.quantity_invalid', 'A line reserves one unit or more.',
                     format('lines/%s/quantity', bad_quantity.index), 'Send a whole number of one or more.']
        when unknown_offer.index is not null
          then array['422', 'inventory.offer_unknown', 'This seller does not offer this variant.',
                     format('lines/%s/variantId', unknown_offer.index),
                     'Take variantId and sellerId from an offer of GET /products/{productId}.']
      end as problem
    ) as refusal
  )
  select array_agg(row(
    n, account_id, request ->> 'requestId', request ->> 'idempotencyKey',
    sha256(convert_to((request - 'sessionId' - 'requestId' - 'clientIp' - 'idempotencyKey')::text, 'UTF8')),
    request ->> 'reference', case when problem is null then ttl_s end, lines, null, null, false,
    problem[1], problem[2], problem[3], problem[5],
    case when problem[4] is not null
      then jsonb_build_array(jsonb_build_object('pointer', '/' || problem[4], 'code', problem[2], 'detail', problem[3])) end
    )::inventory.reserving order by n)
  from checked);
end
$$;
comment on function inventory._parse_reservings(jsonb) is
  'Parses and validates the requests of a reserve_stock batch; refused ones carry problem_* from then on.';
