-- Ends those of the given sessions that are still open, with an event each.
-- Called by: close_session, rotate_session, suspend_user. Locks: the sessions, by id.
-- Events: identity.session_revoked. Answers how many it ended.
create or replace function identity._revoke_sessions(
  p_session_ids uuid[],
  p_reason text,
  p_actor_id uuid,
  p_request_id text
) returns integer
language plpgsql
volatile
as $$
declare
  v_now timestamptz := core.now();
  v_session identity.sessions;
  v_count integer := 0;
begin
  for v_session in
    select o.*
      from identity.sessions as o
     where o.session_id = any (p_session_ids)
       and o.revoked_at is null
     order by o.session_id
       for no key update
  loop
    update identity.sessions as o
       set revoked_at = v_now, revoked_reason = p_reason
     where o.session_id = v_session.session_id;
    perform events._append('session', v_session.session_id, v_session.generation + 2, 'identity.session_revoked',
                           p_actor_id, p_request_id, array[v_session.user_id],
                           jsonb_build_object('sessionId', v_session.session_id, 'userId', v_session.user_id,
                                              'reason', p_reason));
    v_count := v_count + 1;
  end loop;
  return v_count;
end;
$$;
comment on function identity._revoke_sessions(uuid[], text, uuid, text) is
  'Ends those of the sessions that are still open; appends identity.session_revoked for each.';
