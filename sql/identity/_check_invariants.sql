-- The invariants of identity: stores have an owner, memberships belong to sellers, a suspended account has no session.
-- Called by core.check_invariants. Locks: none. Events: none. Problems: none.
create or replace function identity._check_invariants()
returns setof core.invariant_violation
language sql
stable
as $$
  select 'identity.seller_has_owner', s.seller_id::text, 'A store has no owner.'
    from identity.sellers as s
   where not exists (select 1
                       from identity.seller_members as m
                      where m.seller_id = s.seller_id and m.member_role = 'OWNER')
  union all
  select 'identity.member_is_seller', u.user_id::text, format('An account of role %s acts for a store.', u.role)
    from identity.seller_members as m
    join identity.users as u on u.user_id = m.user_id
   where u.role <> 'SELLER'
  union all
  select 'identity.seller_has_store', u.user_id::text, 'A seller account belongs to no store.'
    from identity.users as u
   where u.role = 'SELLER'
     and not exists (select 1 from identity.seller_members as m where m.user_id = u.user_id)
  union all
  select 'identity.suspended_without_session', o.session_id::text, 'A suspended account has an open session.'
    from identity.sessions as o
    join identity.users as u on u.user_id = o.user_id
   where u.status = 'SUSPENDED' and o.revoked_at is null
$$;
comment on function identity._check_invariants() is 'Broken invariants of identity.';
