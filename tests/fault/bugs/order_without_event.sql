-- A step of an order is not told when it comes from the system.
-- scenario: trade
-- function: orders._transition
-- replace
    from changed as c
    join wanted as w on w.order_id = c.order_id
  ), parts as (
-- by
    from changed as c
    join wanted as w on w.order_id = c.order_id
    where w.actor_kind <> 'SYSTEM'
  ), parts as (
