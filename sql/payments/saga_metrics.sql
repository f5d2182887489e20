-- How the sagas of payments stand, for the program's metrics: unresolved payments; those and refunds that wait for a person; units of stock
-- in holds whose payment cannot come in time any more (the window is over and nobody has swept). Counts end at 10,000.
-- Locks: none. Events: none. Problems: none.
create or replace function payments.saga_metrics()
returns table (unresolved bigint, stuck_payments bigint, stuck_refunds bigint, failed_refunds bigint, dead_units bigint)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select (select count(*) from (select 1 from payments.payments as p where p.next_check_at is not null limit 10000) as u),
         (select count(*) from payments.payments as p where p.stuck_at is not null and p.status in ('PENDING', 'ABANDONED')),
         (select count(*) from payments.refunds as r where r.stuck_at is not null),
         (select count(*) from payments._open_failures()),
         (select coalesce(sum(l.quantity), 0)
            from (select r.reservation_id, r.seller_ids
                    from inventory.reservations as r
                   where r.status = 'HELD' and r.expires_at <= core.now() and r.is_order
                   order by r.expires_at
                   limit 10000) as h
            join inventory.reservation_lines as l
              on l.seller_id = any (h.seller_ids) and l.reservation_id = h.reservation_id and l.freed_at is null)
$$;
comment on function payments.saga_metrics() is 'Payments and refunds without an end, and stock in holds of dead payments.';
grant execute on function payments.saga_metrics() to tradepost_api, tradepost_worker, tradepost_readonly;
