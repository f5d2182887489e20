-- Raises events.consumer_not_found. Called by: fetch, commit.
create or replace function events._consumer_not_found(p_consumer text)
returns void
language plpgsql
volatile
as $$
begin
  raise exception 'events.consumer_not_found' using
    errcode = 'MK404',
    detail = format('There is no consumer %s.', p_consumer),
    hint = 'Make it with events.create_consumer.';
end;
$$;
comment on function events._consumer_not_found(text) is 'Raises events.consumer_not_found.';
