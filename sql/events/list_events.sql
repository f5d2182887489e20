-- The log page by page, oldest first, from after p_after; narrowed to a type and to an aggregate.
-- For administrators. Locks: none.
-- Raises: identity.unauthenticated, identity.role_required, core.cursor_invalid, events.position_archived.
create or replace function events.list_events(
  p_ctx core.call_context,
  p_type text,
  p_aggregate_id uuid,
  p_after bigint,
  p_cursor text,
  p_limit integer
) returns setof events.listed_entries
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_keys text[] := core._decode_cursor(p_cursor, array['bigint']);
  v_after bigint := greatest(p_after, v_keys[1]::bigint, 0);
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  perform events._require_kept(greatest(p_after, v_keys[1]::bigint));
  return query
  select e.*
    from events.listed_entries as e
   where e.seq > v_after
     and (p_type is null or e.type = p_type)
     and (p_aggregate_id is null or e.aggregate_id = p_aggregate_id)
   order by e.seq
   limit core._page_limit(p_limit);
end;
$$;
comment on function events.list_events(core.call_context, text, uuid, bigint, text, integer) is
  'The event log page by page, for administrators.';
grant execute on function events.list_events(core.call_context, text, uuid, bigint, text, integer) to tradepost_api;
