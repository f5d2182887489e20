-- What the runs of the event log write: things that transactions lock, change and tell about, and a writer that takes its time.
create schema if not exists lab;
create table if not exists lab.things (n integer primary key, id uuid not null default gen_random_uuid(), version bigint not null default 0);
insert into lab.things (n) select g from generate_series(1, 200) as g on conflict do nothing;

-- Changes these things in one transaction, with a pause before each; answers how many events it told.
create or replace function lab.touch(p_things integer[], p_pauses_ms integer[], p_fails boolean) returns integer
language plpgsql
as $$
declare
  v_thing lab.things;
begin
  for i in 1 .. cardinality(p_things) loop
    perform pg_sleep(p_pauses_ms[i] / 1000.0);
    update lab.things as t set version = t.version + 1 where t.n = p_things[i] returning t.* into v_thing;
    perform events._append('lab', v_thing.id, v_thing.version, 'identity.user_suspended', null, 'lab', '{}',
                           jsonb_build_object('userId', v_thing.id));
  end loop;
  perform pg_sleep(p_pauses_ms[1] / 1000.0);
  if p_fails then
    raise exception 'lab.rolled_back';
  end if;
  return cardinality(p_things);
end
$$;
