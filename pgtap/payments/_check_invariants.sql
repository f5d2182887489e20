begin;
select plan(41);

-- Each invariant is broken once, past the functions and the triggers. Of five orders one is sold with a commission, one
-- was cancelled and its money went back, one expired and was sold out before its money came, one waits with a payment,
-- and one without.
create temporary table f as select test.pay_user('BUYER') as buyer, test.pay_seller() as seller;
alter table f add lamp uuid, add sold uuid, add undone uuid, add late uuid, add waiting uuid, add bare uuid,
  add sold_payment uuid, add undone_payment uuid, add late_payment uuid, add waiting_payment uuid;
select test.disarm('orders.orders', 'orders.commissions', 'payments.payments', 'payments.refunds', 'payments.ledger_entries');
update f set lamp = test.offer(seller, 1000, 3);
update f set late = test.pay_order(buyer, lamp);
update f set late_payment = test.pay_start(late);
select test.pay_clock('1 day');
select orders.expire_orders(100);
update f set sold = test.pay_order(buyer, lamp), undone = test.pay_order(buyer, lamp), waiting = test.pay_order(buyer, lamp);
select count(test.pay_confirm(late_payment)) from f;
update orders.commissions as c set amount_minor = 100 from f where c.order_id = f.sold;
update f set sold_payment = test.pay_start(sold), undone_payment = test.pay_start(undone), waiting_payment = test.pay_start(waiting);
select count(test.pay_confirm(p)) from f, unnest(array[f.sold_payment, f.undone_payment]) as p;
select c.status from f cross join lateral orders.cancel_order(test.ctx(f.buyer, 'c'), f.undone, 'no') as c;
select test.pay_react();
select payments.finish_refund(r.refund_id, 'SUCCEEDED', null, null) from payments.refunds as r join f on r.order_id = f.undone;
update f set bare = test.pay_order(buyer, lamp);
select results_eq(
  $$ select o.status, p.status, p.refunded_minor, r.status
       from f
      cross join unnest(array[f.sold, f.undone, f.late, f.waiting, f.bare]) with ordinality as i (order_id, n)
       join orders.orders as o using (order_id)
       left join payments.payments as p using (order_id)
       left join payments.refunds as r using (payment_id)
      order by i.n $$,
  $$ values ('PAID', 'SUCCEEDED', 0::bigint, null), ('REFUNDED', 'SUCCEEDED', 1000, 'SUCCEEDED'),
            ('EXPIRED', 'SUCCEEDED', 0, 'PENDING'), ('PENDING_PAYMENT', 'PENDING', 0, null), ('PENDING_PAYMENT', null, null, null) $$,
  'the stage is set');
select is(test.broken('payments'), '{}', 'all is well');

create function pg_temp.pay(p_order_id uuid, p_status text, p_is_surplus boolean default false) returns void language sql as $$
  insert into payments.payments
    (payment_id, order_id, buyer_id, provider, method_token, status, amount_minor, currency, is_surplus, created_at, updated_at)
  values (core.new_id(), p_order_id, core.new_id(), 'sandbox', 't', p_status, 1000, 'USD', p_is_surplus, core.now(), core.now());
$$;
create function pg_temp.refund(p_payment_id uuid, p_status text, p_amount_minor bigint) returns void language sql as $$
  insert into payments.refunds
    (refund_id, payment_id, order_id, amount_minor, currency, reason, status, next_attempt_at, created_at, updated_at)
  select core.new_id(), p.payment_id, p.order_id, p_amount_minor, p.currency, 'a test', p_status, core.now(), core.now(), core.now()
    from payments.payments as p where p.payment_id = p_payment_id;
$$;
-- Books amounts by account, in one transaction of the ledger.
create function pg_temp.book(p_order_id uuid, p_seller_id uuid, p_amounts jsonb) returns void language sql as $$
  insert into payments.ledger_entries (seller_id, entry_id, transaction_id, order_id, account, amount_minor, currency, created_at)
  select case a.key when 'PROVIDER_CLEARING' then '00000000-0000-0000-0000-000000000000' else p_seller_id end, core.new_id(), t.id, p_order_id, a.key, a.value::bigint, 'USD', core.now()
    from (select core.new_id() as id) as t, jsonb_each_text(p_amounts) as a;
$$;

-- the ledger
select is(test.broken('payments', $$ select pg_temp.book(core.new_id(), f.seller, '{"BUYER_PAYABLE": 1}') from f $$),
  '{payments.ledger_sums_to_zero}', 'one side alone');
select is(test.broken('payments', $$
    select pg_temp.book(core.new_id(), f.seller, '{"BUYER_PAYABLE": 1, "SELLER_PAYABLE": -1}') from f;
    update payments.ledger_entries set currency = 'EUR' where amount_minor = 1 $$),
  '{payments.buyer_money_is_of_unsold_orders,payments.ledger_sums_to_zero}', 'two sides in two currencies');
select is(test.broken('payments', $$ select pg_temp.book(f.sold, f.seller, '{"BUYER_PAYABLE": 1, "SELLER_PAYABLE": -1}') from f $$),
  '{payments.buyer_money_is_of_unsold_orders,payments.seller_gets_total_less_commission}', 'a buyer''s money, credited to a seller');
select is(test.broken('payments', $$
    update payments.ledger_entries as e set transaction_id = f.sold, order_id = f.sold from f
     where e.order_id = f.late and e.account in ('BUYER_PAYABLE', 'PROVIDER_CLEARING') $$),
  '{payments.buyer_money_is_of_unsold_orders,payments.clearing_holds_what_was_paid,payments.seller_gets_total_less_commission}', 'or taken for another order''s');
select is(test.broken('payments', $$
    update payments.ledger_entries as e set account = 'BUYER_PAYABLE' from f where e.order_id = f.sold and e.account = 'SELLER_PAYABLE' $$),
  '{payments.buyer_money_is_of_unsold_orders,payments.unsold_money_goes_back}', 'a sale booked as if it were none');

-- refunds
select is(test.broken('payments', $$ update payments.payments as p set refunded_minor = 1 from f where p.payment_id = f.sold_payment $$),
  '{payments.clearing_holds_what_was_paid,payments.refunded_is_sum_of_refunds}', 'a refund without its row');
select is(test.broken('payments', $$ select pg_temp.refund(f.sold_payment, 'SUCCEEDED', 1) from f $$),
  '{payments.refunded_is_sum_of_refunds}', 'a row without its refund');
select is(test.broken('payments', $$ select pg_temp.refund(f.sold_payment, 'PENDING', 1000) from f $$),
  '{}', 'all of it is under way back');
select is(test.broken('payments', $$ select pg_temp.refund(f.sold_payment, 'PENDING', 1001) from f $$),
  '{payments.refunded_is_sum_of_refunds}', 'more than all of it');
select is(test.broken('payments', $$ select pg_temp.refund(f.waiting_payment, 'PENDING', 1) from f $$),
  '{payments.refunded_is_sum_of_refunds}', 'money on its way back that never came');

-- a sold order and its payment
select is(test.broken('payments', format('update orders.orders as o set status = %L from f where o.order_id = f.bare', s)),
          '{payments.sold_order_has_its_payment}', s || ' without a payment')
  from unnest(array['PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'PARTIALLY_REFUNDED', 'REFUNDED']) as s;
select is(test.broken('payments', $$
    update orders.orders as o set status = 'PAID', discount_minor = subtotal_minor, total_minor = 0 from f where o.order_id = f.bare $$),
  '{}', 'what costs nothing needs none');
select is(test.broken('payments', $$
    update orders.orders as o set subtotal_minor = 1001, total_minor = 1001 from f where o.order_id = f.sold $$),
  '{payments.sold_order_has_its_payment}', 'a payment of less than the total');
select is(test.broken('payments', $$ update orders.orders as o set currency = 'EUR' from f where o.order_id = f.sold $$),
  '{payments.sold_order_has_its_payment}', 'a payment in another currency');

-- an unpaid order and its money
select is(test.broken('payments', $$ select pg_temp.pay(f.bare, 'SUCCEEDED') from f $$),
  '{payments.clearing_holds_what_was_paid,payments.seller_gets_total_less_commission,payments.unpaid_order_has_no_money}', 'paid, and nobody noticed');
select is(test.broken('payments', $$ select pg_temp.pay(f.bare, 'ABANDONED') from f $$),
  '{payments.unpaid_order_has_no_money,payments.unresolved_is_looked_after}', 'a payment given up while the order waits for it, that nobody asks about');
select is(test.broken('payments', $$ update payments.payments as p set next_check_at = null from f where p.payment_id = f.waiting_payment $$),
  '{payments.unresolved_is_looked_after}', 'or one that the reconciler has lost');
select is(test.broken('payments', $$ update payments.payments as p set next_check_at = null, stuck_at = core.now() from f where p.payment_id = f.waiting_payment $$),
  '{}', 'but not one that a person was told of');
select is(test.broken('payments', $$ update inventory.reservations as r set expires_at = expires_at + interval '1 s' from f where r.reservation_id = f.waiting $$),
  '{payments.dead_payments_hold_no_stock}', 'stock held longer than its payment can come');
select is(test.broken('payments', $$ update orders.orders as o set status = 'PAYMENT_FAILED' from f where o.order_id = f.waiting $$),
  '{payments.unpaid_order_has_no_money}', 'failed while a payment is under way');
select is(test.broken('payments', $$ update orders.orders as o set status = 'CANCELLED' from f where o.order_id = f.waiting $$),
  '{}', 'but cancelled it may be');

-- money that nothing was sold for
select is(test.broken('payments', $$ delete from payments.refunds as r using f where r.payment_id = f.late_payment $$),
  '{payments.unsold_money_goes_back}', 'money kept for an expired order');
select is(test.broken('payments', $$ update payments.refunds as r set amount_minor = 999 from f where r.payment_id = f.late_payment $$),
  '{payments.unsold_money_goes_back}', 'or a part of it');
select is(test.broken('payments', $$
    update orders.orders as o set status = 'CANCELLED' from f where o.order_id = f.late;
    delete from payments.refunds as r using f where r.payment_id = f.late_payment $$),
  '{payments.unsold_money_goes_back}', 'or what is the buyer''s by the ledger');
select is(test.broken('payments', $$ update orders.orders as o set status = 'EXPIRED' from f where o.order_id = f.sold $$),
  '{payments.buyer_money_is_of_unsold_orders,payments.unsold_money_goes_back}', 'a sale whose order expired');
select is(test.broken('payments', $$
    select pg_temp.pay(f.sold, 'SUCCEEDED', true), pg_temp.book(f.sold, f.seller, '{"PROVIDER_CLEARING": 1000, "BUYER_PAYABLE": -1000}') from f $$),
  '{payments.unsold_money_goes_back}', 'a second payment that is kept');

-- what the provider holds, and whose it is
select is(test.broken('payments', $$ delete from payments.ledger_entries as e using f where e.order_id = f.sold $$),
  '{payments.clearing_holds_what_was_paid,payments.seller_gets_total_less_commission}', 'a sale that is not booked');
select is(test.broken('payments', $$ select pg_temp.book(f.sold, f.seller, '{"SELLER_PAYABLE": 1, "COMMISSION_REVENUE": -1}') from f $$),
  '{payments.seller_gets_total_less_commission}', 'a commission that was not agreed');
select is(test.broken('payments', $$ select pg_temp.book(f.undone, f.seller, '{"SELLER_PAYABLE": 1, "COMMISSION_REVENUE": -1}') from f $$),
  '{payments.seller_gets_total_less_commission}', 'a seller who owes');
select is(test.broken('payments', $$ select pg_temp.book(f.undone, f.seller, '{"SELLER_PAYABLE": -1, "COMMISSION_REVENUE": 1}') from f $$),
  '{payments.seller_gets_total_less_commission}', 'a commission that owes');
select is(test.broken('payments', $$
    update orders.orders as o set discount_minor = subtotal_minor, total_minor = 0 from f where o.order_id = f.bare;
    select pg_temp.book(f.bare, f.seller, '{"SELLER_PAYABLE": -1, "PROMOTION_COST": 1}') from f $$),
  '{payments.free_order_is_booked_as_agreed}', 'a promotion that pays what nobody agreed to');
create function pg_temp.give_back(p_amounts jsonb) returns void language sql as $$
  select pg_temp.refund(f.sold_payment, 'SUCCEEDED', 500), pg_temp.book(f.sold, f.seller, p_amounts) from f;
  update payments.payments as p set refunded_minor = 500 from f where p.payment_id = f.sold_payment;
$$;
select is(test.broken('payments', $$ select pg_temp.give_back('{"PROVIDER_CLEARING": -500, "SELLER_PAYABLE": 450, "COMMISSION_REVENUE": 50}') $$),
  '{}', 'half of it went back, and half of the commission');
select is(test.broken('payments', $$ select pg_temp.give_back('{"PROVIDER_CLEARING": -500, "SELLER_PAYABLE": 500}') $$),
  '{payments.seller_gets_total_less_commission}', 'half of it went back, at the seller''s cost');

select * from finish();
rollback;
