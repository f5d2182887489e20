-- The sequencer orders transactions by the smallest of their ids: a transaction that began early and waited comes too soon.
-- scenario: log
-- function: events._take_batch
-- replace
max(t.outbox_id) over (partition by t.xid) as last_id
-- by
min(t.outbox_id) over (partition by t.xid) as last_id
