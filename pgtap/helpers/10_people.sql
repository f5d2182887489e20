-- People and stores in one line each. Names make readable e-mail addresses; the same name twice is the same person.
create or replace function test.person(p_name text, p_role text) returns uuid
language plpgsql
as $$
declare
  v_user_id uuid;
begin
  select u.user_id into v_user_id from identity.users as u where u.email = p_name || '@example.test';
  if v_user_id is null then
    v_user_id := core.new_id();
    insert into identity.users (user_id, email, password_hash, display_name, role, created_at, updated_at)
    values (v_user_id, p_name || '@example.test', '$argon2id$not-a-password', initcap(p_name), p_role,
            core.now(), core.now());
  end if;
  return v_user_id;
end
$$;

create or replace function test.buyer(p_name text) returns uuid
language sql
as $$
  select test.person(p_name, 'BUYER');
$$;

create or replace function test.admin(p_name text default 'admin') returns uuid
language sql
as $$
  select test.person(p_name, 'ADMIN');
$$;

-- Answers the account; test.seller_id(…) is the store it owns.
create or replace function test.seller(p_name text) returns uuid
language plpgsql
as $$
declare
  v_user_id constant uuid := test.person(p_name, 'SELLER');
  v_seller_id constant uuid := core.new_id();
begin
  if not exists (select from identity.seller_members as m where m.user_id = v_user_id) then
    insert into identity.sellers (seller_id, store_name, slug, created_at, updated_at)
    values (v_seller_id, initcap(p_name) || '''s store', 'store-' || v_seller_id, core.now(), core.now());
    insert into identity.seller_members (seller_id, user_id, member_role, created_at)
    values (v_seller_id, v_user_id, 'OWNER', core.now());
  end if;
  return v_user_id;
end
$$;

create or replace function test.seller_id(p_user_id uuid) returns uuid
language sql
as $$
  select m.seller_id from identity.seller_members as m where m.user_id = p_user_id;
$$;

-- The context in which somebody calls a public function; null is an anonymous caller.
create or replace function test.ctx(p_user_id uuid default null, p_key text default null) returns core.call_context
language sql
as $$
  select row(p_user_id, null, 'test', null, p_key)::core.call_context;
$$;
