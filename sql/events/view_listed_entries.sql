-- Events as list_events pages through them.
create or replace view events.listed_entries as
select e.*,
       core._encode_cursor(e.seq::text) as page_cursor
  from events.entries as e;
comment on view events.listed_entries is 'Row type of events.list_events: an event and its place in the list.';
