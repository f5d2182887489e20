-- Optimistic locking: refuses when the row has changed since the caller read it. The row must be locked already.
-- Called by other functions only. Locks: none of its own. Events: none.
-- Problems: MK412 core.version_stale, MK428 core.if_match_required.
create or replace function core._assert_version(p_current integer, p_expected integer)
returns void
language plpgsql
immutable
as $$
begin
  if p_expected is null then
    raise exception 'core.if_match_required'
      using errcode = 'MK428',
        detail = 'The version that the change is based on is missing.',
        hint = 'Read the resource and send its ETag as If-Match.';
  end if;
  if p_current is distinct from p_expected then
    raise exception 'core.version_stale'
      using errcode = 'MK412',
        detail = format('The change is based on version %s, the current version is %s.', p_expected, p_current),
        hint = 'Read the resource again and repeat the change on its current version.';
  end if;
end
$$;

comment on function core._assert_version(integer, integer) is
  'Refuses a change that is based on another version than the current one.';
