-- The sequencer reads the head without locking it: two of them give out the same numbers, or leave gaps.
-- scenario: log
-- function: events.sequence
-- replace
from events.head as h for no key update skip locked;
-- by
from events.head as h;
