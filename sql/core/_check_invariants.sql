-- The invariants of core: a stored idempotency key always has its answer, since claim, work and answer are one
-- transaction. Called by core.check_invariants. Locks: none. Events: none. Problems: none.
create or replace function core._check_invariants()
returns setof core.invariant_violation
language sql
stable
as $$
  select 'core.idempotency_key_has_response',
    format('%s %s', k.account_id, k.route),
    'A key was committed without an answer.'
  from core.idempotency_keys as k
  where k.response is null
$$;

comment on function core._check_invariants() is 'Broken invariants of core.';
