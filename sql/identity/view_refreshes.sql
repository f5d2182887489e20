-- The answer of identity.rotate_session: what became of the token, and what its holder needs for new ones.
create or replace view identity.refreshes as
select null::text as outcome,
       o.session_id,
       o.user_id,
       u.role,
       o.generation,
       o.expires_at
  from identity.sessions as o
  join identity.users as u on u.user_id = o.user_id;
comment on view identity.refreshes is
  'Row type of identity.rotate_session; outcome is ROTATED, REPEATED or REFUSED, and REFUSED carries nothing else.';
