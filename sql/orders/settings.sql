-- Limits of the orders domain that came after its first tables. A value that somebody changed stays.
insert into core.settings (name, value, unit, description) values
  ('orders.simulation_orders_max', 10000, 'orders', 'Most orders that a simulation charges or prices again.'),
  ('orders.acceptance_window_s', 172800, 'seconds',
   'How long sellers have to accept their part of a paid order; then the part is cancelled and refunded.'),
  ('orders.acceptance_reminder_lead_s', 43200, 'seconds',
   'How long before that deadline a seller who has not accepted is reminded; 0: never.'),
  ('orders.history_retention_s', 0, 'seconds',
   'How long the history of a finished order stays in its table at least; then it is moved to the archive. 0 keeps it there for ever.')
on conflict (name) do update set unit = excluded.unit, description = excluded.description;
