-- An account as its owner and administrators see it, with the store it acts for. Read by get_profile and by the
-- functions that open a session; never granted, because it holds personal data.
create or replace view identity.profiles as
select u.user_id,
       u.email,
       u.display_name,
       u.role,
       u.status,
       u.version,
       u.created_at,
       case when s.seller_id is not null then
         jsonb_build_object('sellerId', s.seller_id, 'storeName', s.store_name, 'slug', s.slug, 'status', s.status,
                            'memberRole', m.member_role)
       end as seller
  from identity.users as u
  left join identity.seller_members as m on m.user_id = u.user_id
  left join identity.sellers as s on s.seller_id = m.seller_id;
comment on view identity.profiles is 'Accounts with the store they act for. Holds personal data; not granted.';
