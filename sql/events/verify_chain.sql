-- Computes the hash chain again from p_from to p_to (null: the oldest event that is not archived, the head) and answers one row for the first
-- number that is missing or whose row was changed; none when all is as the sequencer wrote it.
-- For workers and reporting. Locks: none. Compare the head's hash with one kept elsewhere: a chain that was rebuilt whole
-- verifies.
create or replace function events.verify_chain(p_from bigint, p_to bigint)
returns setof core.invariant_violation
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_head events.head;
  v_entry events.log;
  v_tail events.tail;
  v_from bigint;
  v_seq bigint;
  v_to bigint;
  v_hash bytea;
begin
  select h.* into v_head from events.head as h;
  v_to := least(coalesce(p_to, v_head.seq), v_head.seq);
  select t.* into v_tail from events.tail as t;
  v_from := greatest(p_from, v_tail.seq + 1);
  v_seq := v_from;
  v_hash := coalesce((select l.hash from events.log as l where l.seq = v_from - 1), v_tail.hash);
  for v_entry in
    select l.* from events.log as l where l.seq between v_from and v_to order by l.seq
  loop
    if v_entry.seq <> v_seq then
      return next ('events.log_is_dense', v_seq::text, 'The event is missing.')::core.invariant_violation;
      return;
    end if;
    v_hash := sha256(v_hash || convert_to(events._canonical(v_entry), 'UTF8'));
    if v_hash <> v_entry.hash then
      return next ('events.log_is_chained', v_seq::text, 'The event was changed, or one before it was replaced.')::core.invariant_violation;
      return;
    end if;
    v_seq := v_seq + 1;
  end loop;
  if v_seq <= v_to then
    return next ('events.log_is_dense', v_seq::text, 'The event is missing.')::core.invariant_violation;
  elsif v_to = v_head.seq and v_from <= v_to and v_hash <> v_head.hash then
    return next ('events.log_is_chained', v_to::text, 'The head has another hash than the last event.')::core.invariant_violation;
  end if;
end;
$$;
comment on function events.verify_chain(bigint, bigint) is
  'The first event of the range that is missing or was changed; no row when the chain holds.';
grant execute on function events.verify_chain(bigint, bigint) to tradepost_worker, tradepost_readonly;
