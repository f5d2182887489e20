-- Events after a position, oldest first, as far as the caller may see them: administrators all, a member of a store the
-- store's and the own, a buyer the own. Of an order over several stores a member sees its store's lines and no
-- sums of the whole. p_types narrows to these types; at most 256 rows.
-- For anybody who is logged in. Every read checks the session again, so a stream ends with it.
-- Locks: none. Raises: identity.unauthenticated, events.position_archived.
create or replace function events.read_after(
  p_ctx core.call_context,
  p_cursor bigint,
  p_limit integer,
  p_types text[]
) returns setof events.entries
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx);
  v_sees_all boolean := v_actor.role = 'ADMIN';
  v_audience uuid[] := array_remove(array[v_actor.user_id, v_actor.seller_id], null);
begin
  perform events._require_kept(p_cursor);
  return query
  select l.seq, l.type, l.aggregate_type, l.aggregate_id, l.aggregate_version,
         case when v_sees_all then l.actor_id end,
         case when v_sees_all then l.request_id end,
         case when v_actor.seller_id is null then l.payload
              else events._payload_for_seller(l.payload, v_actor.seller_id) end,
         l.occurred_at
    from events.log as l
   where l.seq > coalesce(p_cursor, 0)
     and (v_sees_all or l.audience && v_audience)
     and (p_types is null or l.type = any (p_types))
   order by l.seq
   limit least(greatest(coalesce(p_limit, 256), 1), 256);
end;
$$;
comment on function events.read_after(core.call_context, bigint, integer, text[]) is
  'Events after a position that the caller may see, oldest first, at most 256.';
grant execute on function events.read_after(core.call_context, bigint, integer, text[]) to tradepost_api;
