-- A step of an order is not told when it comes from the system.
-- scenario: trade
-- function: orders._transition
-- replace
    from changed as c
    having count(*) > 0
  ), parts as (
-- by
    from changed as c
    where c.actor_kind <> 'SYSTEM'
    having count(*) > 0
  ), parts as (
