begin;
select plan(17);
create temporary table f as
select test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sam;
alter table f add lamp uuid, add order_id uuid;
update f set lamp = test.offer(sam, 1000, 5);
update f set order_id = test.order(ana, lamp);

-- refused, also to the owner and the superuser
select throws_ok(format('update orders.orders set %s', c), 'MK409', 'orders.snapshot_immutable', 'orders: ' || c)
from unnest(array['total_minor = 1', 'subtotal_minor = 1', 'discount_minor = 0', 'shipping_minor = 0', 'currency = ''EUR''',
                  'buyer_id = buyer_id', 'seller_ids = ''{}''', 'shipping_address = ''{}''', 'placed_at = now()',
                  'payment_due_at = now() + interval ''1 day''']) as c;
select throws_ok('delete from orders.orders', 'MK409', 'orders.snapshot_immutable', 'orders are never deleted');
select throws_ok('update orders.fulfilments set total_minor = 1', 'MK409', 'orders.snapshot_immutable', 'nor are the sums of a part changed');
select throws_ok('update orders.order_lines set unit_price_minor = 1', 'MK409', 'orders.snapshot_immutable', 'nor lines');
select throws_ok('delete from orders.order_lines', 'MK409', 'orders.snapshot_immutable', 'nor deleted');
select throws_ok('update orders.commissions set amount_minor = 0', 'MK409', 'orders.snapshot_immutable', 'nor commissions');
select throws_ok('delete from orders.adjustments', 'MK409', 'orders.snapshot_immutable', 'nor adjustments');
select throws_ok('delete from orders.order_history', 'MK409', 'orders.snapshot_immutable', 'nor history');
select * from finish();
rollback;
