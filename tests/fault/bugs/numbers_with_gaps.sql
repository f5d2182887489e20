-- The head is moved further than the log.
-- scenario: log
-- function: events.sequence
-- replace
  update events.head as h set seq = v_head.seq,
-- by
  update events.head as h set seq = v_head.seq + (v_head.seq % 7 = 0)::integer,
