-- Appends one event to the outbox, inside the caller's own transaction.
-- Called by: every writer, after it holds the aggregate's row lock. That order is what lets the sequencer number the
-- events of one aggregate in the order of its changes.
-- Locks: none of its own (an insert with a fresh identity). PL/pgSQL, because its plan is kept for the connection.
create or replace function events._append(
  p_aggregate_type text,
  p_aggregate_id uuid,
  p_aggregate_version bigint,
  p_type text,
  p_actor_id uuid,
  p_request_id text,
  p_audience uuid[],
  p_payload jsonb
) returns void
language plpgsql
volatile
as $$
begin
  insert into events.outbox (drafts)
  values (array[row(p_type, p_aggregate_type, p_aggregate_id, p_aggregate_version, p_actor_id, p_request_id,
                    coalesce(p_audience, '{}'), p_payload, core.now())::events.draft]);
end;
$$;
comment on function events._append(text, uuid, bigint, text, uuid, text, uuid[], jsonb) is
  'Appends one event to the outbox in the caller''s transaction; call it after the aggregate''s row lock is held.';
