-- An event of the log as the one text that its hash is taken over: a JSON array of its columns in table order, the time in
-- microseconds, so that no setting of a connection changes it. The text is that of jsonb_build_array(…), which takes half as long again.
-- Called by: sequence, verify_chain. Locks: none.
create or replace function events._canonical(p_entry events.log)
returns text
language sql
stable
as $$
  select '[' || p_entry.seq || ', ' || to_json(p_entry.type) || ', ' || to_json(p_entry.aggregate_type) || ', "' || p_entry.aggregate_id || '", '
      || p_entry.aggregate_version || ', ' || coalesce('"' || p_entry.actor_id || '"', 'null') || ', '
      || coalesce(to_json(p_entry.request_id)::text, 'null') || ', '
      || replace(array_to_json(p_entry.audience)::text, ',', ', ') || ', '
      || p_entry.payload || ', ' || (extract(epoch from p_entry.occurred_at) * 1000000)::bigint || ', "' || p_entry.transaction_id || '"]';
$$;
comment on function events._canonical(events.log) is 'The text of an event that its hash is taken over.';
