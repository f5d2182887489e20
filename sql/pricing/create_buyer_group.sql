-- Makes a buyer group, which conditions of promotions and price lists then name by its code.
-- Called by: ADMIN. Locks: none. Events: pricing.buyer_group_created.
-- Problems: identity.*, pricing.group_invalid, pricing.group_exists.
create or replace function pricing.create_buyer_group(p_ctx core.call_context, p_group_code text, p_name text)
returns setof pricing.view_buyer_group
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor constant identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_group pricing.buyer_groups;
begin
  if not coalesce(p_group_code ~ '^[a-z0-9][a-z0-9_-]{0,39}$', false) then
    perform pricing._invalid('pricing.group_invalid', 'code', 'A code has 1 to 40 small letters, digits, dashes or underscores.');
  end if;
  perform pricing._check_group_name(p_name);
  insert into pricing.buyer_groups (group_id, group_code, name, created_at, updated_at)
  values (core.new_id(), p_group_code, btrim(p_name), v_now, v_now)
  on conflict do nothing
  returning * into v_group;
  if not found then
    raise exception 'pricing.group_exists' using
      errcode = 'MK409', detail = format('There is a buyer group %s already.', p_group_code),
      hint = 'Choose another code.', column = 'code';
  end if;
  perform pricing._tell_buyer_group(p_ctx, v_actor.user_id, 'pricing.buyer_group_created', v_group, null);
  return query select g.* from pricing.view_buyer_group as g where g.group_code = p_group_code;
end
$$;
comment on function pricing.create_buyer_group(core.call_context, text, text) is 'Makes a buyer group.';
grant execute on function pricing.create_buyer_group(core.call_context, text, text) to tradepost_api;
