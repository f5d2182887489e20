-- Takes a batch out of staging, in the order of the log: by the largest staging id of each transaction, then by id.
-- A transaction that waited for another one's row lock draws a later id, so its largest id is larger: the order never
-- contradicts the order of the locks. Any bound p_last gives a correct batch, as long as one statement (one snapshot)
-- decides which transactions lie wholly below it.
-- Called by: sequence, which holds the head. Locks: the rows it deletes; nobody else touches them.
create or replace function events._take_batch(p_last bigint)
returns setof events.staging
language plpgsql
volatile
as $$
begin
  return query
  with split as materialized (
    select distinct s.xid
      from events.staging as s
     where s.staging_id > p_last
       and s.xid in (select t.xid from events.staging as t where t.staging_id <= p_last)
  ),
  taken as (
    delete from events.staging as s
     where s.staging_id <= p_last
       and s.xid not in (select p.xid from split as p)
    returning s.*
  ),
  ranked as (
    select t as entry, t.staging_id, max(t.staging_id) over (partition by t.xid) as last_id
      from taken as t
  )
  select (r.entry).*
    from ranked as r
   order by r.last_id, r.staging_id;
end
$$;
comment on function events._take_batch(bigint) is
  'Deletes the committed transactions that lie wholly at or below this staging id; answers their rows in log order.';
