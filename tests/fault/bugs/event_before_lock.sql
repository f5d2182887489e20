-- A writer tells its event before it holds the lock of what it changes.
-- scenario: log
-- function: tests/fault/lab.sql
-- replace
    update lab.things as t set version = t.version + 1 where t.n = p_things[i] returning t.* into v_thing;
    perform events._append(
-- by
    select t.n, t.id, t.version + 1 into v_thing from lab.things as t where t.n = p_things[i];
    perform events._append(
-- replace
                           jsonb_build_object('userId', v_thing.id));
-- by
                           jsonb_build_object('userId', v_thing.id));
    update lab.things as t set version = t.version + 1 where t.n = p_things[i];
