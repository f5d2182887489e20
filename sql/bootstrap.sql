-- What must exist before the first migration: roles, database rights, schemas.
-- Run at every `tradepost migrate`, before the migrations, as the login role (superuser, or CREATEROLE and owner of the
-- database). Every step looks first and acts only when something is missing, so a login that is merely a member of
-- tradepost_owner can run it again on a prepared database. Roles belong to the whole cluster: another database may be
-- preparing itself at this moment, so losing that race is not an error.

do $bootstrap$
declare
  v_role text;
  v_schema text;
  v_setting text[];
  -- from 16 on, membership alone does not let one SET ROLE
  v_set_right constant text :=
    case when current_setting('server_version_num')::integer >= 160000 then 'SET' else 'MEMBER' end;
begin
  -- roles; passwords are set by whoever runs the cluster, never here
  foreach v_role in array array['tradepost_owner', 'tradepost_api', 'tradepost_worker', 'tradepost_readonly'] loop
    begin
      if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
        execute format('create role %I %s', v_role,
          case v_role when 'tradepost_owner' then 'nologin' else 'login' end);
      end if;
    exception
      when duplicate_object or unique_violation then null;
    end;
    begin
      if not pg_catalog.pg_has_role(current_user, v_role, v_set_right) then
        execute format('grant %I to %I', v_role, current_user);
      end if;
    exception
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        -- somebody else made the roles; only the owner's rights are needed to deploy
        if v_role = 'tradepost_owner' then
          raise exception 'The login % may not act as tradepost_owner.', current_user
            using errcode = 'insufficient_privilege',
              hint = format('As a superuser: grant tradepost_owner, tradepost_api, tradepost_worker, '
                'tradepost_readonly to %I;', current_user);
        end if;
    end;
  end loop;

  -- the database: nothing for PUBLIC, CONNECT for the four, CREATE (schemas, trusted extensions) for the owner
  begin
    if exists (
      select
      from pg_catalog.pg_database d,
        pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
      where d.datname = current_database() and a.grantee = 0
    ) then
      -- the login keeps its own way in
      execute format('grant connect on database %I to %I', current_database(), current_user);
      execute format('revoke all on database %I from public', current_database());
    end if;
    foreach v_role in array array['tradepost_owner', 'tradepost_api', 'tradepost_worker', 'tradepost_readonly'] loop
      if not pg_catalog.has_database_privilege(v_role, current_database(), 'CONNECT') then
        execute format('grant connect on database %I to %I', current_database(), v_role);
      end if;
    end loop;
    if not pg_catalog.has_database_privilege('tradepost_owner', current_database(), 'CREATE') then
      execute format('grant create on database %I to tradepost_owner', current_database());
    end if;
    if pg_catalog.has_schema_privilege('public', 'public', 'USAGE')
      or pg_catalog.has_schema_privilege('public', 'public', 'CREATE') then
      revoke all on schema public from public;
    end if;
  exception
    when insufficient_privilege then
      raise warning 'The rights of the database could not be tightened: % does not own it.', current_user;
    when invalid_schema_name then null; -- somebody dropped schema public, which is fine
  end;

  -- functions are born closed. Only this global form works; the one with IN SCHEMA silently does nothing.
  if not exists (
    select
    from pg_catalog.pg_default_acl d
    where d.defaclrole = 'tradepost_owner'::regrole and d.defaclnamespace = 0 and d.defaclobjtype = 'f'
  ) then
    alter default privileges for role tradepost_owner revoke execute on functions from public;
  end if;

  foreach v_schema in array
    array['core', 'identity', 'catalog', 'inventory', 'pricing', 'orders', 'payments', 'events']
  loop
    if pg_catalog.to_regnamespace(v_schema) is null then
      execute format('create schema %I authorization tradepost_owner', v_schema);
    end if;
    foreach v_role in array array['tradepost_api', 'tradepost_worker', 'tradepost_readonly'] loop
      if not pg_catalog.has_schema_privilege(v_role, v_schema, 'USAGE') then
        execute format('grant usage on schema %I to %I', v_schema, v_role);
      end if;
    end loop;
  end loop;

  -- Limits of a session that logs in as one of our roles. They do not apply to a session that SET ROLEs, so the pools
  -- send the same values when they connect. Per database, because the cluster may serve others.
  for v_setting in
    select array[r.role_name, s.name, s.value]
    from (values
      ('tradepost_api', '5s', '10s'), ('tradepost_worker', '60s', '65s'), ('tradepost_readonly', '60s', '10min')
    ) as r (role_name, statement_timeout, transaction_timeout)
    cross join lateral (values
      ('lock_timeout', '2s', 0),
      ('statement_timeout', r.statement_timeout, 0),
      ('idle_in_transaction_session_timeout', '10s', 0),
      ('transaction_timeout', r.transaction_timeout, 170000),
      ('jit', 'off', 0)
    ) as s (name, value, since_version)
    where s.since_version <= current_setting('server_version_num')::integer and not exists (
      select
      from pg_catalog.pg_db_role_setting c
      where c.setrole = r.role_name::regrole
        and c.setdatabase = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
        and exists (select from unnest(c.setconfig) as x where split_part(x, '=', 1) = s.name)
    )
  loop
    begin
      execute format('alter role %I in database %I set %I = %L',
        v_setting[1], current_database(), v_setting[2], v_setting[3]);
    exception
      when insufficient_privilege then
        raise warning 'The limits of role % could not be stored in it; the pools still send them.', v_setting[1];
    end;
  end loop;
end
$bootstrap$;
