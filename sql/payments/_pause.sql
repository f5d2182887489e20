-- How long to wait before a provider is asked again: doubling from p_first_s up to p_longest_s, spread by ±10 % so that what began
-- together does not come back together. The spread follows from id and try: no volatile function inside an UPDATE.
-- Private. Locks: none.
create or replace function payments._pause(p_id uuid, p_tries integer, p_first_s bigint, p_longest_s bigint)
returns interval
language sql
immutable
as $$
  select make_interval(secs =>
    least(p_first_s * 2 ^ least(p_tries, 20), p_longest_s) * (0.9 + 0.2 * (hashtextextended(p_id::text, p_tries) & 1023) / 1023.0))
$$;
comment on function payments._pause(uuid, integer, bigint, bigint) is 'Pause before the next question to a provider: exponential, bounded, spread.';
