-- A hold can be confirmed after its time.
-- scenario: holds
-- function: inventory._require_reservation
-- replace
    when v_reservation.status = 'EXPIRED' or v_reservation.expires_at <= p_now then 'expired' end;
-- by
    when v_reservation.status = 'EXPIRED' then 'expired' end;
-- function: inventory._claim_holds
-- replace
 and (r.status = 'HELD' and r.expires_at > p_now) is true
-- by
 and (r.status = 'HELD') is true
