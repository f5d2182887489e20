-- History leaves its table only for the archive: a DELETE is refused unless orders.archived_history holds the same row. So
-- orders.archive_history needs no key to a back door, and nobody else loses anything.
create or replace function orders.trigger_history_archived()
returns trigger
language plpgsql
as $$
begin
  if exists (
    select from gone as g
    where not exists (
      select from orders.history_tails as t
        join orders.archived_history as a on a.archived_at = t.archived_at and a.order_id = t.order_id
       where t.order_id = g.order_id and a.version = g.version
         and (a.from_status, a.to_status, a.action, a.actor_kind, a.actor_id, a.reason, a.created_at)
             is not distinct from (g.from_status, g.to_status, g.action, g.actor_kind, g.actor_id, g.reason, g.created_at)))
  then
    raise exception 'orders.snapshot_immutable' using
      errcode = 'MK409',
      detail = 'DELETE of orders.order_history is refused: what happened to an order stays, in the table or in its archive.',
      hint = 'orders.archive_history moves the history of orders that were finished long ago.';
  end if;
  return null;
end
$$;
comment on function orders.trigger_history_archived() is 'Trigger: history is deleted only once it is archived.';
create or replace trigger order_history_archived
after delete on orders.order_history
referencing old table as gone
for each statement execute function orders.trigger_history_archived();
