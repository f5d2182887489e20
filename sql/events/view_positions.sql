-- Named consumers with how far each one is behind the head of the log: from the first event of its types that it has not
-- committed. Events that it does not read do not count. Compared as a row, as events.fetch does.
create or replace view events.positions as
select c.consumer,
       c.types,
       c.seq,
       case when c.types is null then h.seq - c.seq else coalesce(h.seq - n.seq + 1, 0) end as behind,
       c.created_at,
       c.updated_at
  from events.consumers as c
 cross join events.head as h
  left join lateral (select min(l.seq) as seq
                       from unnest(c.types) as t (type)
                      cross join lateral (select l.seq
                                            from events.log as l
                                           where (l.type, l.seq) > (t.type, c.seq) and l.type <= t.type
                                           order by l.type, l.seq
                                           limit 1) as l) as n on true;
comment on view events.positions is
  'Named consumers, their cursor, and how many numbers the head is beyond what they have committed; 0 when nothing of their types waits.';
