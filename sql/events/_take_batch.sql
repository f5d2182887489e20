-- Takes a batch out of the outbox and numbers it from p_seq + 1, in the order of the log: by the largest outbox id of each transaction,
-- then by id. A transaction that waited for another one's row lock draws a later id, so its largest id is larger: the order never
-- contradicts the order of the locks. Any bound p_last gives a correct batch, as long as one statement (one snapshot)
-- decides which transactions lie wholly below it.
-- Called by: sequence, which holds the head. Locks: the rows it deletes; nobody else touches them.
create or replace function events._take_batch(p_last bigint, p_seq bigint)
returns setof events.log
language plpgsql
volatile
as $$
begin
  return query
  with split as materialized (
    select distinct o.xid
      from events.outbox as o
     where o.outbox_id > p_last
       and o.xid in (select t.xid from events.outbox as t where t.outbox_id <= p_last)
  ),
  taken as (
    delete from events.outbox as o
     where o.outbox_id <= p_last
       and o.xid not in (select p.xid from split as p)
    returning o.*
  ),
  ranked as (
    select t.outbox_id, t.xid, t.drafts, max(t.outbox_id) over (partition by t.xid) as last_id
      from taken as t
  )
  select p_seq + row_number() over (order by r.last_id, r.outbox_id, d.ordinality),
         d.type, d.aggregate_type, d.aggregate_id, d.aggregate_version, d.actor_id, d.request_id, d.audience, d.payload, d.occurred_at,
         r.xid, null::bytea
    from ranked as r
   cross join lateral unnest(r.drafts) with ordinality
         as d (type, aggregate_type, aggregate_id, aggregate_version, actor_id, request_id, audience, payload, occurred_at, ordinality);
end
$$;
comment on function events._take_batch(bigint, bigint) is
  'Deletes the committed transactions that lie wholly at or below this outbox id; answers their events, numbered, without their hash.';
