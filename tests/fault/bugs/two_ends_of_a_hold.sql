-- A hold is confirmed and released without its lock: both win.
-- scenario: holds
-- function: inventory._require_reservation
-- replace
  for no key update;
-- by
  ;
-- function: inventory._claim_holds
-- replace
      and (r.status = 'HELD' and r.expires_at > p_now) is true  -- not by the index of all that are held
    order by r.reservation_id
    for update);
-- by
 and r.status in ('HELD', 'RELEASED')
    order by r.reservation_id);
-- function: inventory._end_holds
-- replace
 and (r.status = 'HELD') is true  -- not by the index of all that are held
    order by r.reservation_id
    for no key update);
-- by
 and r.status in ('HELD', 'CONFIRMED')
    order by r.reservation_id);
