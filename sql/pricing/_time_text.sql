-- A time for a sentence: RFC 3339, UTC, to the second. Private.
create or replace function pricing._time_text(p_at timestamptz)
returns text
language sql
stable
as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;
comment on function pricing._time_text(timestamptz) is 'A timestamp in RFC 3339, UTC.';
