-- The sequencer takes what is below the oldest open transaction, in the order of transaction ids.
-- scenario: inversion
-- function: events._take_batch
-- replace
     where s.staging_id <= p_last
       and s.xid not in (select p.xid from split as p)
-- by
     where s.staging_id <= p_last
       and s.xid not in (select p.xid from split as p)
       and s.xid < pg_snapshot_xmin(pg_current_snapshot())
-- replace
   order by r.last_id, r.staging_id;
-- by
   order by (r.entry).xid, r.staging_id;
