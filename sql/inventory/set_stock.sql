-- Sets (mode SET) or changes (mode ADJUST) the units on hand of one offer, with a movement row and a reason.
-- Called by: the offer's seller, ADMIN. p_expected_version 0 = the stock was never set.
-- Locks: the stock row. Events: inventory.stock_changed; inventory.stock_low when the threshold is crossed downwards.
-- Problems: identity.unauthenticated, inventory.stock_not_found, inventory.stock_mode_invalid, inventory.quantity_invalid,
-- inventory.reason_required, inventory.threshold_invalid, core.version_stale, inventory.stock_reserved.
create or replace function inventory.set_stock(
  p_ctx core.call_context, p_variant_id uuid, p_seller_id uuid, p_expected_version integer,
  p_mode text, p_quantity integer, p_reason text, p_low_stock_threshold integer
)
returns setof inventory.stock
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := inventory._require_stock_keeper(p_ctx, p_variant_id, p_seller_id);
  v_key constant inventory.stock_key[] := array[row(p_seller_id, p_variant_id)::inventory.stock_key];
  v_max constant bigint := core._setting_int('inventory.on_hand_max');
  v_stock inventory.stock_levels;
  v_version integer;
  v_threshold integer;
  v_on_hand bigint;
  v_is_low boolean;
begin
  perform inventory._check_stock_change(p_mode, p_quantity, p_reason, p_low_stock_threshold);

  insert into inventory.stock_levels (seller_id, variant_id, low_stock_threshold, version, change_no, updated_at)
  values (p_seller_id, p_variant_id, core._setting_int('inventory.low_stock_default'), 0, 0, v_now)
  on conflict do nothing;
  select s.* into v_stock from inventory._lock_stock(v_key) as s;
  perform core._assert_version(v_stock.version, p_expected_version);
  v_version := v_stock.version + 1;
  v_threshold := coalesce(p_low_stock_threshold, v_stock.low_stock_threshold);
  v_on_hand := case p_mode when 'SET' then p_quantity else v_stock.on_hand::bigint + p_quantity end;
  if v_on_hand > v_max then
    raise exception 'inventory.quantity_invalid' using
      errcode = 'MK422', detail = format('At most %s units can be on hand.', v_max),
      hint = 'Send a smaller quantity.', column = 'quantity';
  end if;
  if v_on_hand < v_stock.reserved and inventory._reclaim_expired(v_key, v_now) > 0 then
    select s.* into v_stock from inventory.stock_levels as s
    where s.seller_id = p_seller_id and s.variant_id = p_variant_id;
  end if;
  if v_on_hand < v_stock.reserved then
    raise exception 'inventory.stock_reserved' using
      errcode = 'MK409',
      detail = format('%s units are on hand and %s of them are reserved; %s would be left.',
                      v_stock.on_hand, v_stock.reserved, v_on_hand),
      hint = 'Keep at least the reserved units, or wait until they are sold or released.', column = 'quantity';
  end if;

  v_is_low := v_on_hand - v_stock.reserved <= v_threshold;
  update inventory.stock_levels as s
  set on_hand = v_on_hand, low_stock_threshold = v_threshold, is_low = v_is_low,
      version = v_version, change_no = s.change_no + 1, updated_at = v_now
  where s.seller_id = p_seller_id and s.variant_id = p_variant_id;
  insert into inventory.movements
    (seller_id, movement_id, variant_id, kind, quantity_delta, on_hand_after, reason, actor_id, created_at)
  values (p_seller_id, core.new_id(), p_variant_id, p_mode, v_on_hand - v_stock.on_hand, v_on_hand, btrim(p_reason),
          v_actor.user_id, v_now);
  perform events._append(
    'stock', inventory._stock_id(p_seller_id, p_variant_id), v_stock.change_no + 1, 'inventory.stock_changed',
    v_actor.user_id, p_ctx.request_id, array[p_seller_id],
    jsonb_build_object('variantId', p_variant_id, 'sellerId', p_seller_id, 'mode', p_mode,
                       'delta', v_on_hand - v_stock.on_hand, 'onHand', v_on_hand, 'reserved', v_stock.reserved,
                       'version', v_version, 'threshold', v_threshold));
  if v_is_low and not v_stock.is_low then
    perform events._append(
      'stock', inventory._stock_id(p_seller_id, p_variant_id), v_stock.change_no + 1, 'inventory.stock_low',
      v_actor.user_id, p_ctx.request_id, array[p_seller_id],
      jsonb_build_object('variantId', p_variant_id, 'sellerId', p_seller_id,
                         'available', v_on_hand - v_stock.reserved, 'threshold', v_threshold));
  end if;
  return query select s.* from inventory._stock(v_key, v_now) as s;
end
$$;
comment on function inventory.set_stock(core.call_context, uuid, uuid, integer, text, integer, text, integer) is
  'Sets or adjusts the units on hand of one offer; never below what is reserved.';
grant execute on function inventory.set_stock(core.call_context, uuid, uuid, integer, text, integer, text, integer)
  to tradepost_api;
