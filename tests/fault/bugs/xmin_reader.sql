-- The sequencer takes what is below the oldest open transaction, in the order of transaction ids.
-- scenario: inversion
-- function: events._take_batch
-- replace
     where o.outbox_id <= p_last
       and o.xid not in (select p.xid from split as p)
-- by
     where o.outbox_id <= p_last
       and o.xid not in (select p.xid from split as p)
       and o.xid < pg_snapshot_xmin(pg_current_snapshot())
-- replace
(order by r.last_id, r.outbox_id, d.ordinality)
-- by
(order by r.xid, r.outbox_id, d.ordinality)
