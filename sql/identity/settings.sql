-- Limits of the identity domain that came after its first tables. A value that somebody changed stays.
insert into core.settings (name, value, unit, description) values
  ('identity.session_retention_s', 2592000, 'seconds', 'How long a session is kept after its lifetime, to tell who was logged in when.')
on conflict (name) do update set unit = excluded.unit, description = excluded.description;
