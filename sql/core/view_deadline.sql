-- Everything that waits for the clock, whatever table it stands in: the row is the deadline, so it cannot outlive what it is
-- about, and ends with the change that settles it. Each branch is one partial index, in order.
-- The sweeper takes orders.* and inventory.*; payments.* are leases of the workers that talk to the provider.
create or replace view core.view_deadline as
select case when o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED') then 'orders.payment'
            when o.status = 'DELIVERED' then 'orders.completion'
            when o.due_at < o.acceptance_due_at and o.acceptance_due_at > core.now() then 'orders.reminder'
            else 'orders.acceptance' end as kind,
       o.order_id as subject_id, o.due_at
from orders.orders as o
where o.due_at is not null
union all
select 'inventory.hold', r.reservation_id, r.expires_at
from inventory.reservations as r
where r.status = 'HELD' and not r.is_order
union all
select 'payments.check', p.payment_id, p.next_check_at
from payments.payments as p
where p.next_check_at is not null
union all
select 'payments.refund', r.refund_id, r.next_attempt_at
from payments.refunds as r
where r.status = 'PENDING';
comment on view core.view_deadline is 'Deadlines of orders, holds, payments and refunds: kind, what it is about, when it is due.';
grant select on core.view_deadline to tradepost_readonly;
