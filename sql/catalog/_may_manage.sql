-- Whether somebody sees all of a product: administrators, and the store it belongs to.
-- Called by other functions only. Locks: none. Events: none. Problems: none.
create or replace function catalog._may_manage(p_actor identity.actor, p_seller_id uuid)
returns boolean
language sql
immutable
as $$
  select coalesce(p_actor.role = 'ADMIN', false) or coalesce(p_actor.seller_id = p_seller_id, false);
$$;
comment on function catalog._may_manage(identity.actor, uuid) is 'Whether somebody sees all of a product: its store and administrators.';
