-- Limits of the events domain. A value that somebody changed stays.
insert into core.settings (name, value, unit, description) values
  ('events.retention_s', 0, 'seconds',
   'How long events stay in the log at least; then whole partitions of it are archived. 0 keeps them for ever.')
on conflict (name) do update set unit = excluded.unit, description = excluded.description;
