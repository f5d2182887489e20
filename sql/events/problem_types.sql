-- Problems that the events domain raises.
insert into core.problem_types (code, status, title, description) values
  ('events.last_event_id_invalid', 400, 'Last-Event-ID not valid', 'The header is not the number of an event.'),
  ('events.consumer_not_found', 404, 'No such consumer', 'No named consumer of the event log has this name.'),
  ('events.consumer_behind', 409, 'A consumer has not read it',
   'A named consumer has not read an event that would be archived.'),
  ('events.position_archived', 410, 'Position archived',
   'Events after this number were archived; the log begins later. The detail names its oldest event.'),
  ('events.consumer_name_invalid', 422, 'Consumer name not valid',
   'A consumer''s name has 1 to 63 lower-case letters, digits, dots, hyphens and underscores, and begins with a letter.'),
  ('events.position_unknown', 422, 'Position not in the log', 'The event log has not reached this number, or it is negative.')
on conflict (code) do update
  set status = excluded.status, title = excluded.title, description = excluded.description;
