-- A new UUIDv7: 48 bits of real milliseconds, then random bits. Sorts by creation, so indexes grow at one end.
-- Called by other functions only. One expression without SET, so that it is inlined into the calling query.
-- Real time on purpose: ids of a test that moves core.clock must still be new.
-- Locks: none. Events: none. Problems: none.
create or replace function core.new_id()
returns uuid
language sql
volatile
parallel safe
as $$
  select encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        placing substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
        from 1 for 6),
      52, 1), 53, 1),
    'hex')::uuid
$$;

comment on function core.new_id() is 'A new UUIDv7.';
