-- Limits of the payments domain. A value that somebody changed stays.
insert into core.settings (name, value, unit, description) values
  ('payments.check_after_s', 60, 'seconds',
   'How long after its start, and how often at first, the provider is asked about a payment that is not resolved.'),
  ('payments.check_interval_max_s', 3600, 'seconds', 'Longest time between two such questions.'),
  ('payments.checks_max', 12, 'questions', 'After so many questions an abandoned payment is left alone.'),
  ('payments.refund_retry_s', 30, 'seconds', 'Pause before the second try of a refund; it doubles with each try.'),
  ('payments.refund_attempts_max', 12, 'attempts',
   'After so many tries without an answer a refund counts as stuck: a person should look. It is tried on.'),
  ('payments.refund_retry_max_s', 3600, 'seconds', 'Longest pause between two tries of a refund.')
on conflict (name) do update set unit = excluded.unit, description = excluded.description;
