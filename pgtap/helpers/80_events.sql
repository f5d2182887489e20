-- Appends an event of an aggregate as a writer of this transaction would; its version is given.
create or replace function test.event(p_aggregate_id uuid, p_version bigint, variadic p_audience uuid[] default '{}')
returns void
language sql
as $$
  select events._append('user', p_aggregate_id, p_version, 'identity.user_suspended', null, 'test', p_audience,
                        jsonb_build_object('userId', p_aggregate_id));
$$;

-- Puts an event into staging as a transaction of this number would have left it there.
create or replace function test.staged(p_xid bigint, p_aggregate_id uuid, p_version bigint) returns bigint
language sql
as $$
  insert into events.outbox (xid, drafts)
  values (p_xid::text::xid8,
          array[row('identity.user_suspended', 'user', p_aggregate_id, p_version, null, null, '{}',
                    jsonb_build_object('userId', p_aggregate_id), core.now())::events.draft])
  returning outbox_id;
$$;
