begin;
select plan(12);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam_user, test.seller('sid') as sid_user;
alter table f add lamp uuid, add order_id uuid;
update f set lamp = test.offer(test.seller_id(sam_user), 1000, 5);
update f set order_id = test.order(ana, lamp);

-- allowed: what each can do
select results_eq(
  $$ select s.status, s.allowed_actions, jsonb_array_length(s.history), s.is_replayed from f, orders.get_order_status(test.ctx(ana), order_id) as s $$,
  $$ values ('PENDING_PAYMENT', array['cancel', 'pay'], 1, false) $$, 'the buyer can pay or cancel');
select is((select s.allowed_actions from f, orders.get_order_status(test.ctx(sam_user), order_id) as s), '{}', 'the seller nothing yet');
select is((select s.allowed_actions from f, orders.get_order_status(test.ctx(admin), order_id) as s), array['cancel'], 'an administrator cancel');
select test.pay(order_id) from f;
select is((select s.allowed_actions from f, orders.get_order_status(test.ctx(sam_user), order_id) as s), array['accept'], 'once paid, the seller can accept');
select is((select s.allowed_actions from f, orders.get_order_status(test.ctx(ana), order_id) as s), array['cancel'], 'and the buyer still cancel');
select results_eq(
  $$ select h ->> 'action', h ->> 'actorKind', h ->> 'toStatus' from f, orders.get_order_status(test.ctx(ana), order_id) as s, jsonb_array_elements(s.history) as h $$,
  $$ values ('place', 'BUYER', 'PENDING_PAYMENT'), ('pay', 'SYSTEM', 'PAID') $$, 'the history names action, actor and status');
update core.clock set clock_offset = clock_offset + interval '16 minutes';
update f set order_id = test.order(ana, lamp);
update core.clock set clock_offset = clock_offset + interval '15 minutes';
select is((select s.allowed_actions from f, orders.get_order_status(test.ctx(ana), order_id) as s), array['cancel'], 'after the window there is nothing to pay');

select results_eq(
  $$ select count(*)::int, count(h ->> 'actorId')::int from f, orders.get_order_status(test.ctx(sam_user), order_id) as s, jsonb_array_elements(s.history) as h $$,
  $$ values (1, 0) $$, 'a seller sees what happened, not who else did it');
select results_eq(
  $$ select h ->> 'actorId' = ana::text from f, orders.get_order_status(test.ctx(ana), order_id) as s, jsonb_array_elements(s.history) as h $$,
  $$ values (true) $$, 'the buyer sees who');

-- not yours
select throws_ok('select s.* from f, orders.get_order_status(test.ctx(ben), order_id) as s', 'MK404', 'orders.order_not_found', 'not another buyer''s');
select throws_ok('select s.* from f, orders.get_order_status(test.ctx(), order_id) as s', 'MK401', 'identity.unauthenticated', 'not anybody''s');
select throws_ok('select s.* from f, orders.get_order_status(test.ctx(sid_user), order_id) as s', 'MK404', 'orders.order_not_found', 'not a stranger seller''s');
select * from finish();
rollback;
