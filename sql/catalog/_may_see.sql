-- Whether somebody may see a product: everybody sees the active ones of active stores, its store and administrators all.
-- Called by other functions only. Locks: none. Events: none. Problems: none.
create or replace function catalog._may_see(p_actor identity.actor, p_seller_id uuid, p_status text)
returns boolean
language sql
stable
as $$
  select catalog._may_manage(p_actor, p_seller_id)
         or (p_status = 'ACTIVE'
             and exists (select 1 from identity.sellers as s where s.seller_id = p_seller_id and s.status = 'ACTIVE'));
$$;
comment on function catalog._may_see(identity.actor, uuid, text) is 'Whether somebody may see a product of this store and status.';
