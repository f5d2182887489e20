begin;
select plan(20);

create function pg_temp.seen(p_ctx core.call_context, p_cursor bigint default 0, p_limit integer default 256, p_types text[] default null)
returns setof bigint language sql as $$
  select e.seq from events.read_after(p_ctx, p_cursor, p_limit, p_types) as e;
$$;

select test.event(core.new_id(), 1, test.buyer('ana'));
select test.event(core.new_id(), 1, test.seller_id(test.seller('bob')));
select test.event(core.new_id(), 1, test.buyer('ana'), test.seller_id(test.seller('bob')));
select test.event(core.new_id(), 1);
select events._append('session', core.new_id(), 1, 'identity.session_opened', test.buyer('ana'), 'r', array[test.buyer('ana')],
                      jsonb_build_object('sessionId', core.new_id(), 'userId', test.buyer('ana')));
select events.sequence();

do $$ begin perform test.admin(), test.buyer('eve'), test.seller('mallory'); end $$;

-- allowed
select results_eq($$ select pg_temp.seen(test.ctx(test.buyer('ana'))) $$, array[1, 3, 5]::bigint[], 'a buyer sees the own');
select results_eq($$ select pg_temp.seen(test.ctx(test.seller('bob'))) $$, array[2, 3]::bigint[], 'a seller the store''s');
select results_eq($$ select pg_temp.seen(test.ctx(test.admin())) $$, array[1, 2, 3, 4, 5]::bigint[], 'an administrator all');
select is((select e.actor_id from events.read_after(test.ctx(test.admin()), 4, 1, null) as e), test.buyer('ana'), 'with who did it');
select is((select e.actor_id from events.read_after(test.ctx(test.buyer('ana')), 4, 1, null) as e), null, 'which others do not see');

-- not yours
select is_empty($$ select pg_temp.seen(test.ctx(test.buyer('eve'))) $$, 'somebody else sees nothing');
select is_empty($$ select pg_temp.seen(test.ctx(test.seller('mallory'))) $$, 'nor does another seller');

-- repeated, from a cursor
select results_eq($$ select pg_temp.seen(test.ctx(test.buyer('ana')), 1) $$, array[3, 5]::bigint[], 'after a position');
select results_eq($$ select pg_temp.seen(test.ctx(test.buyer('ana')), 1) $$, array[3, 5]::bigint[], 'the same again');
select results_eq($$ select pg_temp.seen(test.ctx(test.buyer('ana')), 0, 256, array['identity.session_opened']) $$, array[5]::bigint[], 'of one type');
select results_eq($$ select pg_temp.seen(test.ctx(test.admin()), null, 2) $$, array[1, 2]::bigint[], 'a few at a time');
select is_empty($$ select pg_temp.seen(test.ctx(test.admin()), 5) $$, 'nothing beyond the head');

-- refused
select throws_ok($$ select pg_temp.seen(test.ctx()) $$, 'MK401', 'identity.unauthenticated');
select throws_ok($$ select pg_temp.seen(test.session_ctx(test.buyer('ana'), core.new_id())) $$, 'MK401', 'identity.unauthenticated');

-- an order over two stores: each sees its own lines and no sums of the whole
do $$ begin
  perform test.seller('sam'), test.seller('sue');
  perform events._append('order', core.new_id(), 1, 'orders.order_placed', test.buyer('ana'), 'r',
    array[test.buyer('ana'), test.seller_id(test.seller('sam')), test.seller_id(test.seller('sue'))],
    jsonb_build_object('orderId', core.new_id(), 'status', 'PENDING_PAYMENT', 'buyerId', test.buyer('ana'), 'currency', 'USD',
      'sellerIds', jsonb_build_array(test.seller_id(test.seller('sam')), test.seller_id(test.seller('sue'))),
      'subtotalMinor', 300, 'discountMinor', 0, 'shippingMinor', 0, 'totalMinor', 300, 'paymentDueAt', core.now(),
      'lines', jsonb_build_array(
        jsonb_build_object('lineNo', 1, 'sellerId', test.seller_id(test.seller('sam')), 'variantId', core.new_id(), 'quantity', 1, 'unitPriceMinor', 100),
        jsonb_build_object('lineNo', 2, 'sellerId', test.seller_id(test.seller('sue')), 'variantId', core.new_id(), 'quantity', 1, 'unitPriceMinor', 200))));
  perform events.sequence();
end $$;
select results_eq(
  $$ select e.payload ? 'totalMinor', jsonb_array_length(e.payload -> 'lines'), e.payload -> 'lines' -> 0 ->> 'unitPriceMinor', jsonb_array_length(e.payload -> 'sellerIds')
     from events.read_after(test.ctx(test.seller('sue')), 5, 10, null) as e $$,
  $$ values (false, 1, '200', 1) $$, 'a seller sees its part of an order');
select results_eq(
  $$ select e.payload ->> 'totalMinor', jsonb_array_length(e.payload -> 'lines') from events.read_after(test.ctx(test.buyer('ana')), 5, 10, null) as e $$,
  $$ values ('300', 2) $$, 'the buyer the whole');
select is(
  events._payload_for_seller('{"sellerIds": ["00000000-0000-7000-8000-000000000001"], "totalMinor": 5}', '00000000-0000-7000-8000-000000000001'),
  '{"sellerIds": ["00000000-0000-7000-8000-000000000001"], "totalMinor": 5}', 'an order of one store is that store''s whole');
select is(
  events._payload_for_seller(
    '{"sellerIds": ["00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"],
      "parts": [{"sellerId": "00000000-0000-7000-8000-000000000001", "shippingMinor": 5}, {"sellerId": "00000000-0000-7000-8000-000000000002", "shippingMinor": 7}]}',
    '00000000-0000-7000-8000-000000000002'),
  '{"sellerIds": ["00000000-0000-7000-8000-000000000002"], "parts": [{"sellerId": "00000000-0000-7000-8000-000000000002", "shippingMinor": 7}]}',
  'of the parts it sees its own');

-- limits
do $$ begin for v_n in 1..300 loop perform test.event(core.new_id(), 1); end loop; perform events.sequence(); end $$;
select is((select count(*) from pg_temp.seen(test.ctx(test.admin()), 0, 1000)), 256::bigint, 'at most 256');
select is((select count(*) from pg_temp.seen(test.ctx(test.admin()), 0, -1)), 1::bigint, 'at least one');

select * from finish();
rollback;
