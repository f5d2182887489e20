-- A token hash by name: what the program would store for this token.
create or replace function test.token(p_name text) returns bytea
language sql
as $$
  select sha256(convert_to(p_name, 'UTF8'));
$$;

-- Logs somebody in: a session at generation 0 whose token is `g0`. Answers its id.
create or replace function test.session(p_user_id uuid) returns uuid
language plpgsql
as $$
declare
  v_session_id constant uuid := core.new_id();
begin
  perform identity.open_session(test.ctx(), p_user_id, v_session_id, test.token('g0'));
  return v_session_id;
end;
$$;

-- Rotates a session with the token of this generation; answers the outcome.
create or replace function test.rotate(p_session_id uuid, p_generation integer) returns text
language sql
as $$
  select r.outcome
    from identity.rotate_session(test.ctx(), p_session_id, p_generation, test.token('g' || p_generation),
                                 test.token('g' || p_generation + 1)) as r;
$$;

-- The context of somebody who is logged in with this session.
create or replace function test.session_ctx(p_user_id uuid, p_session_id uuid) returns core.call_context
language sql
as $$
  select row(p_user_id, p_session_id, 'test', null, null)::core.call_context;
$$;

-- Whether a statement is refused with this code.
create or replace function test.raises(p_statement text, p_code text) returns boolean
language plpgsql
as $$
begin
  execute p_statement;
  return false;
exception
  when others then
    return sqlerrm = p_code;
end;
$$;
