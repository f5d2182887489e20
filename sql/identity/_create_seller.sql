-- Opens a store: its row with a slug nobody has, the account as its owner, and the event.
-- Called by: register_user. Locks: the new rows; the slug's unique index decides between two stores of one name.
-- Events: identity.seller_created. Raises: identity.store_name_invalid.
create or replace function identity._create_seller(p_owner_id uuid, p_store_name text, p_request_id text)
returns uuid
language plpgsql
volatile
as $$
declare
  v_seller_id uuid := core.new_id();
  v_now timestamptz := core.now();
  v_name text := identity._require_name(p_store_name, 2, 100, 'identity.store_name_invalid', 'storeName');
  v_base text := identity._slugify(v_name);
begin
  for v_attempt in 1..20 loop
    insert into identity.sellers (seller_id, store_name, slug, created_at, updated_at)
    values (v_seller_id, v_name,
            case when v_attempt = 1 then v_base
                 when v_attempt < 20 then format('%s-%s', v_base, v_attempt)
                 else format('%s-%s', v_base, right(v_seller_id::text, 12)) end,
            v_now, v_now)
    on conflict (slug) do nothing;
    exit when found;
  end loop;
  insert into identity.seller_members (seller_id, user_id, member_role, created_at)
  values (v_seller_id, p_owner_id, 'OWNER', v_now);
  perform events._append('seller', v_seller_id, 1, 'identity.seller_created', p_owner_id, p_request_id,
                         array[v_seller_id, p_owner_id],
                         jsonb_build_object('sellerId', v_seller_id, 'ownerId', p_owner_id));
  return v_seller_id;
end;
$$;
comment on function identity._create_seller(uuid, text, text) is
  'Opens a store with a slug nobody has and makes the account its owner; appends identity.seller_created.';
