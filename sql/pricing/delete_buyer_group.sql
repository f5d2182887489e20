-- Deletes a buyer group with its memberships, unless a price list or a promotion that is not over names it.
-- Called by: ADMIN. Locks: the group. Events: pricing.buyer_group_deleted. Problems: identity.*, pricing.group_not_found, pricing.group_in_use.
create or replace function pricing.delete_buyer_group(p_ctx core.call_context, p_group_code text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_group pricing.buyer_groups;
begin
  select g.* into v_group from pricing.buyer_groups as g where g.group_code = p_group_code for update;
  if not found then
    perform pricing._group_not_found(p_group_code);
  end if;
  if exists (select from pricing.promotions as p
             where p.status <> 'ENDED'
               and jsonb_path_exists(p.condition, '$.**.segment[*] ? (@ == $code)', jsonb_build_object('code', p_group_code)))
     or exists (select from pricing.price_lists as l where l.group_code = p_group_code) then
    raise exception 'pricing.group_in_use' using
      errcode = 'MK409', detail = format('A promotion or a price list is for the buyer group %s.', p_group_code),
      hint = 'End the promotion or delete the price list first.';
  end if;
  delete from pricing.buyer_group_members as m where m.group_code = p_group_code;
  delete from pricing.buyer_groups as g where g.group_code = p_group_code;
  v_group.version := v_group.version + 1;
  perform pricing._tell_buyer_group(p_ctx, v_actor.user_id, 'pricing.buyer_group_deleted', v_group, null);
end
$$;
comment on function pricing.delete_buyer_group(core.call_context, text) is 'Deletes a buyer group that nothing names.';
grant execute on function pricing.delete_buyer_group(core.call_context, text) to tradepost_api;
