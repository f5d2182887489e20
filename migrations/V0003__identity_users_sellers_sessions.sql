create table identity.users (
  user_id uuid not null,
  email text not null,
  password_hash text not null,
  display_name text not null,
  role text not null,
  status text not null default 'ACTIVE',
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint users_pkey primary key (user_id),
  constraint users_email_length_check check (length(email) between 3 and 254),
  constraint users_display_name_length_check check (length(display_name) between 1 and 100),
  constraint users_role_check check (role in ('ADMIN', 'SELLER', 'BUYER')),
  constraint users_status_check check (status in ('ACTIVE', 'SUSPENDED'))
);
comment on table identity.users is 'Accounts. Personal data lives here and in the addresses of orders, nowhere else.';
create unique index users_email_key on identity.users (lower(email));

create table identity.sellers (
  seller_id uuid not null,
  store_name text not null,
  slug text not null,
  status text not null default 'ACTIVE',
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint sellers_pkey primary key (seller_id),
  constraint sellers_slug_key unique (slug),
  constraint sellers_store_name_length_check check (length(store_name) between 2 and 100),
  constraint sellers_status_check check (status in ('ACTIVE', 'SUSPENDED'))
);
comment on table identity.sellers is 'Stores. A seller is a store; the people behind it are its members.';

create table identity.seller_members (
  seller_id uuid not null,
  user_id uuid not null,
  member_role text not null,
  created_at timestamptz not null,
  constraint seller_members_pkey primary key (seller_id, user_id),
  constraint seller_members_user_id_key unique (user_id),
  constraint seller_members_seller_id_fkey foreign key (seller_id) references identity.sellers (seller_id),
  constraint seller_members_user_id_fkey foreign key (user_id) references identity.users (user_id),
  constraint seller_members_member_role_check check (member_role in ('OWNER', 'STAFF'))
);
comment on table identity.seller_members is 'Which account acts for which store; an account acts for at most one.';

create table identity.sessions (
  session_id uuid not null,
  user_id uuid not null,
  generation integer not null default 0,
  token_hash bytea not null,
  previous_hash bytea,
  rotated_at timestamptz,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text,
  constraint sessions_pkey primary key (session_id),
  constraint sessions_user_id_fkey foreign key (user_id) references identity.users (user_id),
  constraint sessions_token_hash_length_check check (length(token_hash) = 32),
  constraint sessions_revoked_reason_check
    check (revoked_reason in ('LOGOUT', 'TOKEN_REUSE', 'SUSPENDED', 'ADMIN')),
  constraint sessions_revoked_with_reason_check check ((revoked_at is null) = (revoked_reason is null))
);
comment on table identity.sessions is
  'One refresh-token family per login. Only SHA-256 hashes are kept: of the current generation and of its immediate predecessor.';
create index sessions_user_id_idx on identity.sessions (user_id);
create index sessions_expires_at_idx on identity.sessions (expires_at);

-- The caller after its rights were checked against current rows.
create type identity.actor as (user_id uuid, role text, seller_id uuid);
comment on type identity.actor is 'A verified caller: account, role, and the store it acts for (null unless SELLER).';
