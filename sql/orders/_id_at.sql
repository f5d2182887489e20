-- The smallest UUIDv7 of a moment: where ids made then begin. Private.
create or replace function orders._id_at(p_at timestamptz)
returns uuid
language sql
immutable
as $$
  select (lpad(to_hex(greatest(floor(extract(epoch from p_at) * 1000), 0)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
comment on function orders._id_at(timestamptz) is 'Where the UUIDv7 of a moment begin.';
