-- A step of an order is not told when it comes from the system.
-- scenario: trade
-- function: orders._transition
-- replace
           p_now
    from changed as c
  ), parts as (
-- by
           p_now
    from changed as c
    where c.actor_kind <> 'SYSTEM'
  ), parts as (
