-- Limits of the inventory domain that came after its first tables. A value that somebody changed stays.
insert into core.settings (name, value, unit, description) values
  ('inventory.buyer_held_units_max', 1000, 'units', 'Most units that one buyer may hold by live reservations; orders do not count.')
on conflict (name) do update set unit = excluded.unit, description = excluded.description;
