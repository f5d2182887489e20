-- Makes an administrator. For the owner of the database alone (`tradepost admin create`, or psql): granted to nobody,
-- because whoever may call it rules the marketplace.
-- Locks: the new row. Events: identity.user_registered. Raises: identity.email_invalid, .email_taken.
create or replace function identity._create_admin(p_email text, p_password_hash text, p_display_name text)
returns uuid
language sql
volatile
as $$
  select identity._create_user(p_email, p_password_hash, p_display_name, 'ADMIN', null);
$$;
comment on function identity._create_admin(text, text, text) is
  'Makes an administrator; for the owner of the database, through `tradepost admin create` or psql.';
