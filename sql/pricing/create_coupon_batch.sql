-- Generates coupon codes for a promotion that requires one: unique for ever and not to be guessed. p_per_code_limit: how many orders
-- may use each code, null = any number.
-- Called by: ADMIN, the promotion's seller. Locks: the promotion. Events: pricing.coupons_generated.
-- Problems: identity.*, pricing.promotion_not_found, pricing.batch_invalid, pricing.promotion_immutable, promotion_automatic.
create or replace function pricing.create_coupon_batch(
  p_ctx core.call_context, p_promotion_id uuid, p_count integer, p_prefix text, p_per_code_limit integer
)
returns setof pricing.view_coupon_batch
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor constant identity.actor := pricing._require_promotion_author(p_ctx);
  v_promotion constant pricing.promotions := pricing._lock_promotion(v_actor, p_promotion_id);
  v_batch_id constant uuid := core.new_id();
  v_prefix constant text := upper(coalesce(btrim(p_prefix), ''));
  v_missing integer := p_count;
  v_made integer;
begin
  if not coalesce(p_count between 1 and 10000, false) then
    perform pricing._invalid('pricing.batch_invalid', 'count', 'A batch has 1 to 10000 codes.');
  elsif v_prefix !~ '^[A-Z0-9]{0,16}$' then
    perform pricing._invalid('pricing.batch_invalid', 'prefix', 'A prefix has at most 16 letters and digits.');
  elsif p_per_code_limit not between 1 and 1000000 then
    perform pricing._invalid('pricing.batch_invalid', 'perCodeLimit', 'A limit per code is 1 to 1000000.');
  elsif v_promotion.status = 'ENDED' then
    raise exception 'pricing.promotion_immutable' using
      errcode = 'MK409', detail = 'The promotion has ended; it gets no more codes.',
      hint = 'Draft a new promotion in its place.';
  elsif not v_promotion.requires_coupon then
    raise exception 'pricing.promotion_automatic' using
      errcode = 'MK409', detail = 'The promotion applies by itself, so a code of it would be for nothing.',
      hint = 'Set requiresCoupon while the promotion is a draft.';
  end if;
  insert into pricing.coupon_batches (batch_id, promotion_id, prefix, code_count, per_code_limit, created_at)
  values (v_batch_id, p_promotion_id, v_prefix, p_count, p_per_code_limit, v_now);
  while v_missing > 0 loop
    insert into pricing.coupons (code, promotion_id, batch_id, usage_limit)
    select c.code, p_promotion_id, v_batch_id, p_per_code_limit
    from (select pricing._coupon_code(v_prefix) as code from generate_series(1, v_missing) offset 0) as c
    where not exists (select from pricing.promotions as p where p.coupon_code = c.code)
    on conflict do nothing;
    get diagnostics v_made = row_count;
    v_missing := v_missing - v_made;
  end loop;
  perform events._append(
    'coupon_batch', v_batch_id, 1, 'pricing.coupons_generated', v_actor.user_id, p_ctx.request_id,
    array_remove(array[v_promotion.seller_id], null),
    jsonb_build_object('promotionId', p_promotion_id, 'batchId', v_batch_id, 'count', p_count));
  return query select b.* from pricing.view_coupon_batch as b where b.batch_id = v_batch_id;
end
$$;
comment on function pricing.create_coupon_batch(core.call_context, uuid, integer, text, integer) is
  'Generates coupon codes for a promotion.';
grant execute on function pricing.create_coupon_batch(core.call_context, uuid, integer, text, integer) to tradepost_api;
