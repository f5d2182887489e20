begin;
select plan(16);
create temporary table f as select test.pay_user('BUYER') as buyer;
alter table f add order_id uuid, add payment_id uuid;
update f set order_id = test.pay_order(buyer, test.offer(test.pay_seller(), 1000, 5));
update f set payment_id = test.pay_start(order_id);

-- every pair of statuses: allowed exactly when payment_transitions has it
create function pg_temp.moves(p_from text, p_to text) returns boolean language plpgsql as $$
declare v_id constant uuid := core.new_id();
begin
  insert into payments.payments (payment_id, order_id, buyer_id, provider, method_token, status, amount_minor, currency, failure_code, created_at, updated_at)
  values (v_id, core.new_id(), core.new_id(), 'sandbox', 't', p_from, 1, 'USD', case p_from when 'FAILED' then 'x' end, core.now(), core.now());
  update payments.payments set status = p_to, failure_code = case p_to when 'FAILED' then 'x' end where payment_id = v_id;
  raise exception using errcode = 'P9999';
exception
  when sqlstate 'P9999' then return true;
  when sqlstate 'MK409' then return false;
end;
$$;
select results_eq(
  $$ select a.s, b.s, pg_temp.moves(a.s, b.s)
       from unnest(array['PENDING', 'SUCCEEDED', 'FAILED', 'ABANDONED']) as a (s), unnest(array['PENDING', 'SUCCEEDED', 'FAILED', 'ABANDONED']) as b (s)
      where a.s <> b.s order by 1, 2 $$,
  $$ select a.s, b.s, exists (select 1 from payments.payment_transitions as t where t.from_status = a.s and t.to_status = b.s)
       from unnest(array['PENDING', 'SUCCEEDED', 'FAILED', 'ABANDONED']) as a (s), unnest(array['PENDING', 'SUCCEEDED', 'FAILED', 'ABANDONED']) as b (s)
      where a.s <> b.s order by 1, 2 $$,
  'a payment moves along payment_transitions and no other way');
select throws_ok($$ update payments.payments as p set amount_minor = 1 from f where p.payment_id = f.payment_id $$, 'MK409', 'payments.record_immutable', 'its amount never changes');
select throws_ok($$ update payments.payments as p set order_id = core.new_id() from f where p.payment_id = f.payment_id $$, 'MK409', 'payments.record_immutable', 'nor its order');
select throws_ok($$ delete from payments.payments as p using f where p.payment_id = f.payment_id $$, 'MK409', 'payments.record_immutable', 'and it is never deleted');
select is((select s.problem_code from f cross join orders.orders as o cross join test.pay_begin(o.buyer_id, o.order_id, 'second') as s where o.order_id = f.order_id),
  'payments.payment_in_progress', 'the rule refuses a second live payment');
select throws_ok(
  $$ insert into payments.payments (payment_id, order_id, buyer_id, provider, method_token, amount_minor, currency, created_at, updated_at)
     select core.new_id(), f.order_id, f.buyer, 'sandbox', 't', 1, 'USD', core.now(), core.now() from f $$,
  '23505', null, 'and so does the index');

-- refunds
select is((select c.order_status from f cross join test.pay_confirm(f.payment_id) as c), 'PAID', 'paid');
select lives_ok($$ select orders.cancel_order(test.ctx(f.buyer, 'c'), f.order_id, 'no') from f $$, 'cancelled');
select is(test.pay_react(), 1, 'a refund is requested');
select throws_ok($$ update payments.refunds as r set amount_minor = 1 from f where r.payment_id = f.payment_id $$, 'MK409', 'payments.record_immutable', 'its amount never changes');
select throws_ok($$ delete from payments.refunds as r using f where r.payment_id = f.payment_id $$, 'MK409', 'payments.record_immutable', 'it is never deleted');
select is((select payments.finish_refund(r.refund_id, 'SUCCEEDED', null, null) from payments.refunds as r join f using (payment_id)), 'SUCCEEDED', 'it ends');
select throws_ok($$ update payments.refunds as r set status = 'PENDING' from f where r.payment_id = f.payment_id $$, 'MK409', 'payments.transition_refused', 'once');

-- the ledger
select throws_ok($$ update payments.ledger_entries set amount_minor = amount_minor + 1 $$, 'MK409', 'payments.record_immutable', 'entries never change');
select throws_ok($$ delete from payments.ledger_entries $$, 'MK409', 'payments.record_immutable', 'and never go');
select throws_ok(
  $$ insert into payments.ledger_entries (seller_id, entry_id, transaction_id, order_id, account, amount_minor, currency, created_at)
     select core.new_id(), core.new_id(), core.new_id(), f.order_id, 'SELLER_PAYABLE', 1, 'USD', core.now() from f $$,
  'MK409', 'payments.ledger_unbalanced', 'one side alone is refused');
select * from finish();
rollback;
