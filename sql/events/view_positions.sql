-- Named consumers with how far each one is behind the head of the log.
create or replace view events.positions as
select c.consumer,
       c.types,
       c.seq,
       h.seq - c.seq as behind,
       c.created_at,
       c.updated_at
  from events.consumers as c
 cross join events.head as h;
comment on view events.positions is 'Named consumers, their cursor, and how many numbers they are behind the head.';
