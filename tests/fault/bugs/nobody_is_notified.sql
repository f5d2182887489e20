-- The sequencer does not notify: streams wait for their own look at the head.
-- scenario: latency
-- function: events.sequence
-- replace
  perform pg_notify('events', v_head.seq::text);
-- by
