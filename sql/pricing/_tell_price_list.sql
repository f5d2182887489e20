-- Appends an event of a price list, whose row is locked; its seller hears of it. Private.
-- Events: pricing.price_list_created, price_list_changed, price_list_deleted (p_type).
create or replace function pricing._tell_price_list(
  p_ctx core.call_context, p_actor_id uuid, p_type text, p_list pricing.price_lists
)
returns void
language plpgsql
volatile
as $$
begin
  perform events._append(
    'price_list', p_list.price_list_id, p_list.version, p_type, p_actor_id, p_ctx.request_id,
    array_remove(array[p_list.seller_id], null),
    jsonb_build_object('priceListId', p_list.price_list_id, 'sellerId', p_list.seller_id, 'groupCode', p_list.group_code,
                       'priority', p_list.priority, 'active', p_list.is_active, 'startsAt', p_list.starts_at,
                       'endsAt', p_list.ends_at, 'version', p_list.version));
end
$$;
comment on function pricing._tell_price_list(core.call_context, uuid, text, pricing.price_lists) is 'Appends an event of a price list.';
