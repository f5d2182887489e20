-- The writers that growth.rs measures: what each is given for a batch of some size, and its call. Works on what pgtap/helpers offer.
create temp table given (request jsonb not null);

create function pg_temp.people(p_count integer) returns void language sql as $$
  with people as (
    insert into identity.users (user_id, email, password_hash, display_name, role, created_at, updated_at)
    select core.new_id(), core.new_id() || '@example.test', '$argon2id$not-a-password', 'Somebody', 'BUYER', core.now(), core.now()
    from generate_series(1, p_count)
    returning user_id
  )
  insert into identity.sessions (session_id, user_id, token_hash, created_at, expires_at)
  select core.new_id(), p.user_id, sha256(p.user_id::text::bytea), core.now(), core.now() + interval '10 years' from people as p;
$$;
create function pg_temp.offers(p_sellers integer, p_each integer) returns void language sql as $$
  select test.offer(test.seller_id(test.seller(format('seller-%s', s))), 1000, 1000000)
  from generate_series(1, p_sellers) as s, generate_series(1, p_each);
$$;
create function pg_temp.later(p_by interval) returns jsonb language sql as $$
  update core.clock set clock_offset = clock_offset + p_by returning '{}'::jsonb;
$$;

-- Somebody else each time, two offers each, of two sellers often. With few offers there are fewer of them.
create function pg_temp.buyers(p_count integer, out n bigint, out user_id uuid, out session_id uuid) returns setof record language sql as $$
  select row_number() over (), b.user_id, b.session_id
  from (select u.user_id, s.session_id from identity.users as u join identity.sessions as s using (user_id)
        where u.role = 'BUYER' order by random() limit p_count) as b
$$;
create function pg_temp.placings(p_count integer) returns jsonb language sql as $$
  select jsonb_agg(test.placing(b.user_id, jsonb_build_object(v.variant_id, 1, w.variant_id, 2)) || jsonb_build_object('sessionId', b.session_id))
  from pg_temp.buyers(p_count) as b
  join (select o.variant_id, row_number() over (order by random()) as n from catalog.offers as o) as v using (n)
  join (select o.variant_id, row_number() over (order by random()) as n from catalog.offers as o) as w using (n)
$$;
create function pg_temp.starts(p_count integer) returns jsonb language sql as $$
  select jsonb_agg(test.pay_starting(o.buyer_id, o.order_id, core.new_id()::text) || jsonb_build_object('sessionId', s.session_id))
  from (select o.order_id, o.buyer_id from orders.orders as o
        where o.status = 'PENDING_PAYMENT' and not exists (select from payments.payments as p where p.order_id = o.order_id)
        order by o.order_id desc limit p_count) as o
  join identity.sessions as s on s.user_id = o.buyer_id
$$;
create function pg_temp.confirmations(p_count integer) returns jsonb language sql as $$
  select jsonb_agg(test.pay_request(p.payment_id) || jsonb_build_object('sessionId', s.session_id))
  from (select p.payment_id, p.buyer_id from payments.payments as p where p.status = 'PENDING' order by p.payment_id desc limit p_count) as p
  join identity.sessions as s on s.user_id = p.buyer_id
$$;
create function pg_temp.settlements(p_count integer) returns jsonb language sql as $$
  select jsonb_agg(c.value -> 'settlement') from jsonb_array_elements(pg_temp.confirmations(p_count)) as c
$$;
create function pg_temp.reservings(p_count integer) returns jsonb language sql as $$
  select jsonb_agg(test.reserving(b.user_id, core.new_id()::text, v.seller_id, jsonb_build_array(jsonb_build_array(v.variant_id, 1)), 60)
                   || jsonb_build_object('sessionId', b.session_id))
  from pg_temp.buyers(p_count) as b
  join (select o.seller_id, o.variant_id, row_number() over (order by random()) as n from catalog.offers as o) as v using (n)
$$;
-- The newest part in this status, its seller and buyer.
create function pg_temp.part(p_status text) returns jsonb language sql as $$
  select jsonb_build_object('order', f.order_id, 'seller', f.seller_id, 'member', m.user_id, 'buyer', o.buyer_id)
  from orders.fulfilments as f
  join identity.seller_members as m on m.seller_id = f.seller_id
  join orders.orders as o on o.order_id = f.order_id and o.status in ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED')
  where f.status = p_status
  order by f.order_id desc limit 1
$$;
create function pg_temp.hold() returns jsonb language sql as $$
  select jsonb_build_object('hold', r.reservation_id, 'account', r.account_id) from inventory.reservations as r
  where r.status = 'HELD' and not r.is_order order by r.reservation_id desc limit 1
$$;
-- Somebody holds what is theirs, to sell it elsewhere.
create function pg_temp.own_hold() returns jsonb language sql as $$
  select jsonb_build_object('account', m.user_id, 'hold', test.reserve(m.user_id, o.seller_id, o.variant_id, 1))
  from catalog.offers as o join identity.seller_members as m using (seller_id) limit 1
$$;
create function pg_temp.unpaid() returns jsonb language sql as $$
  select jsonb_build_object('order', o.order_id, 'buyer', o.buyer_id) from orders.orders as o
  where o.status = 'PENDING_PAYMENT' order by o.order_id desc limit 1
$$;

-- All that is due by now, and its events, out of the way.
create function pg_temp.drained() returns jsonb language plpgsql as $$
begin
  while exists (select from core.sweep_deadlines(1000)) loop end loop;
  while events.sequence() > 0 loop end loop;
  return '{}';
end
$$;

-- The steps of one round: what each answers, and how much that is at least; %s is the size of the batch.
create temp table steps (
  no integer generated always as identity, name text not null, given text not null, call text not null, answer text not null, least text not null
);
insert into steps (name, given, call, answer, least) values
  ('place orders', 'pg_temp.placings(%s)',
   'orders.place_orders(g.request)', 'count(*) filter (where c.problem_code is null)', '%s'),
  ('begin payments', 'pg_temp.starts(%s)',
   'payments.start_payments(g.request)', 'count(*) filter (where c.problem_code is null)', '%s'),
  ('confirm payments', 'pg_temp.confirmations(%s)',
   'payments.confirm_payments(g.request)', 'count(*) filter (where c.problem_code is null)', '%s'),
  ('place orders again', 'pg_temp.placings(%s)',
   'orders.place_orders(g.request)', 'count(*) filter (where c.problem_code is null)', '%s'),
  ('begin payments again', 'pg_temp.starts(%s)',
   'payments.start_payments(g.request)', 'count(*) filter (where c.problem_code is null)', '%s'),
  ('settle payments', 'pg_temp.settlements(%s)',
   'payments.settle_payments(g.request)', 'count(*) filter (where c.problem_code is null)', '%s'),
  ('reserve stock', 'pg_temp.reservings(%s)',
   'inventory.reserve_stock(g.request)', 'count(*) filter (where c.problem_code is null)', '%s'),
  ('release a hold', 'pg_temp.hold()',
   'inventory.release_reservation(test.ctx((g.request ->> ''account'')::uuid, core.new_id()::text), (g.request ->> ''hold'')::uuid)', 'count(*)', '1'),
  ('confirm a hold', 'pg_temp.own_hold()',
   'inventory.confirm_reservation(test.ctx((g.request ->> ''account'')::uuid, core.new_id()::text), (g.request ->> ''hold'')::uuid)', 'count(*)', '1'),
  ('sequence', '''{}''',
   'events.sequence()', 'sum(c)', '1'),
  ('accept', 'pg_temp.part(''PENDING'')',
   'orders.accept_fulfilment(test.ctx((g.request ->> ''member'')::uuid), (g.request ->> ''order'')::uuid, (g.request ->> ''seller'')::uuid)', 'count(*)', '1'),
  ('ship', 'pg_temp.part(''ACCEPTED'')',
   'orders.ship_fulfilment(test.ctx((g.request ->> ''member'')::uuid), (g.request ->> ''order'')::uuid, (g.request ->> ''seller'')::uuid, ''DHL'', ''1'')', 'count(*)', '1'),
  ('deliver', 'pg_temp.part(''SHIPPED'')',
   'orders.deliver_fulfilment(test.ctx((g.request ->> ''member'')::uuid), (g.request ->> ''order'')::uuid, (g.request ->> ''seller'')::uuid)', 'count(*)', '1'),
  ('place orders that nobody pays', 'pg_temp.placings(%s)',
   'orders.place_orders(g.request)', 'count(*) filter (where c.problem_code is null)', '%s'),
  ('cancel', 'pg_temp.unpaid()',
   'orders.cancel_order(test.ctx((g.request ->> ''buyer'')::uuid, core.new_id()::text), (g.request ->> ''order'')::uuid, null)', 'count(*)', '1'),
  ('sequence again', '''{}''',
   'events.sequence()', 'sum(c)', '1'),
  ('react to orders', '''{}''',
   'payments.react_to_orders(%s)', 'sum(c)', '1'),
  ('holds run out', 'pg_temp.later(''16 minutes'')',
   'inventory.expire_reservations(%s)', 'sum(c)', '%s'),
  ('orders expire', '''{}''',
   'orders.expire_orders(%s)', 'sum(c)', '%s'),
  ('sweep', '''{}''',
   'core.sweep_deadlines(%s)', 'sum(c.done)', '%s'),
  ('reminders', 'pg_temp.drained() || pg_temp.later(''40 hours'')',
   'orders.remind_sellers(%s)', 'sum(c)', '%s'),
  ('nobody accepted', 'pg_temp.drained() || pg_temp.later(''1 day'')',
   'orders.cancel_unaccepted(%s)', 'sum(c)', '%s'),
  ('orders complete', 'pg_temp.drained() || pg_temp.later(''60 days'')',
   'orders.complete_orders(%s)', 'sum(c)', '1'),
  ('sequence once more', '''{}''',
   'events.sequence()', 'sum(c)', '1'),
  ('react once more', '''{}''',
   'payments.react_to_orders(%s)', 'sum(c)', '1'),
  ('claim refunds', '''{}''',
   'payments.claim_refunds(%s)', 'count(*)', '1'),
  ('ask about payments', '''{}''',
   'payments.claim_unresolved(%s)', 'count(*)', '%s'),
  ('archive history', '''{}''',
   'orders.archive_history(null, %s)', 'sum(c.archived)', '1');
