-- Appends an event of a buyer group, whose row is locked; of a membership with the buyer. Administrators alone hear of it, as they
-- alone see groups. Private.
-- Events: pricing.buyer_group_created, buyer_group_changed, buyer_group_deleted, buyer_group_member_added,
--   buyer_group_member_removed (p_type).
create or replace function pricing._tell_buyer_group(
  p_ctx core.call_context, p_actor_id uuid, p_type text, p_group pricing.buyer_groups, p_buyer_id uuid
)
returns void
language plpgsql
volatile
as $$
begin
  perform events._append(
    'buyer_group', p_group.group_id, p_group.version, p_type, p_actor_id, p_ctx.request_id, '{}',
    jsonb_build_object('groupId', p_group.group_id, 'groupCode', p_group.group_code, 'version', p_group.version)
    || case when p_buyer_id is null then '{}' else jsonb_build_object('buyerId', p_buyer_id) end);
end
$$;
comment on function pricing._tell_buyer_group(core.call_context, uuid, text, pricing.buyer_groups, uuid) is
  'Appends an event of a buyer group or of a membership.';
