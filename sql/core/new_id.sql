-- A new UUIDv7: 48 bits of real milliseconds, 12 bits of their fraction, 62 random bits. Ids of one session sort by
-- creation, down to the microsecond, so indexes grow at one end and keysets need no second key.
-- Called by other functions only. One expression without SET, so that it is inlined into the calling query.
-- Real time on purpose: ids of a test that moves core.clock must still be new.
-- Locks: none. Events: none. Problems: none.
create or replace function core.new_id()
returns uuid
language sql
volatile
parallel safe
as $$
  -- 15 hex digits of time in 1/4096 ms, the version after the 12th; the tail of a random UUID brings its own variant
  select (
    overlay(
      lpad(to_hex(floor(extract(epoch from clock_timestamp()) * 4096000)::bigint), 15, '0')
      placing '7' from 13 for 0)
    || substring(gen_random_uuid()::text from 20)
  )::uuid
$$;

comment on function core.new_id() is 'A new UUIDv7; those of one session sort by creation.';
