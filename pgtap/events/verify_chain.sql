begin;
select plan(13);

do $$ begin for v_n in 1..6 loop perform test.event(core.new_id(), 1); end loop; perform events.sequence(); end $$;
create function pg_temp.broken(p_from bigint default null, p_to bigint default null) returns text language sql as $$
  select v.invariant || ' ' || v.subject from events.verify_chain(p_from, p_to) as v;
$$;
create function pg_temp.after(p_tampering text) returns text language plpgsql as $$
declare v_found text;
begin
  begin
    execute p_tampering;
    v_found := pg_temp.broken();
    raise exception 'undo' using errcode = 'ZZ000';
  exception when sqlstate 'ZZ000' then return v_found;
  end;
end $$;

-- allowed
select is(pg_temp.broken(), null, 'the chain holds');
select is(pg_temp.broken(3, 5), null, 'a part of it too');
select is(pg_temp.broken(7, 9), null, 'nothing beyond the head');
set local timezone = 'Asia/Tokyo';
select is(pg_temp.broken(), null, 'whatever the time zone of the reader');
select is((select count(*) from events.verify_chain(1, 6)), 0::bigint, 'in full');

-- tampering by somebody who can switch triggers off
alter table events.log disable trigger user;
alter table events.log_000000 disable trigger user;
select is(pg_temp.after($$ update events.log set payload = payload || '{"x": 1}' where seq = 3 $$), 'events.log_is_chained 3', 'a changed payload');
select is(pg_temp.after($$ update events.log set actor_id = core.new_id() where seq = 4 $$), 'events.log_is_chained 4', 'another actor');
select is(pg_temp.after($$ update events.log set occurred_at = occurred_at + interval '1 microsecond' where seq = 6 $$), 'events.log_is_chained 6', 'another time');
select is(pg_temp.after($$ delete from events.log where seq = 2 $$), 'events.log_is_dense 2', 'a removed event');
select is(pg_temp.after($$ delete from events.log where seq = 6 $$), 'events.log_is_dense 6', 'a cut tail');
select is(pg_temp.after($$ delete from events.log where seq = 6; update events.head set seq = 5 $$), 'events.log_is_chained 5', 'a cut tail with the head moved');
select is(pg_temp.after($$ update events.log set hash = sha256('x') where seq = 5 $$), 'events.log_is_chained 5', 'another hash');
select is(pg_temp.after($$ update events.log set audience = array[core.new_id()] where seq = 1 $$), 'events.log_is_chained 1', 'another audience');

select * from finish();
rollback;
