-- Sets the caller's own flat shipping fee per order in a currency, waived from p_free_from_minor on (null = never). For sellers.
-- p_expected_version 0 = none was set. Orders that were placed keep their fee.
-- Locks: the rate. Events: pricing.shipping_rate_changed.
-- Problems: identity.*, pricing.currency_not_found, pricing.rate_invalid, core.version_stale.
create or replace function pricing.set_shipping_rate(
  p_ctx core.call_context, p_currency text, p_expected_version integer, p_fee_minor bigint, p_free_from_minor bigint
)
returns setof pricing.view_shipping_rate
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := identity._require_seller(p_ctx);
  v_rate pricing.shipping_rates;
begin
  perform pricing._require_currency(p_currency);
  if not coalesce(p_fee_minor between 0 and 100000000000, false) then
    perform pricing._invalid('pricing.rate_invalid', 'feeMinor', 'A fee is 0 to 100000000000 minor units.');
  elsif p_free_from_minor not between 1 and 10000000000000 then
    perform pricing._invalid('pricing.rate_invalid', 'freeFromMinor', 'The amount from which shipping is free is positive.');
  end if;
  insert into pricing.shipping_rates (seller_id, currency, fee_minor, free_from_minor, version, updated_at)
  values (v_actor.seller_id, p_currency, 0, null, 0, v_now)
  on conflict do nothing;
  select r.* into v_rate
  from pricing.shipping_rates as r
  where r.seller_id = v_actor.seller_id and r.currency = p_currency
  for no key update;
  perform core._assert_version(v_rate.version, p_expected_version);
  update pricing.shipping_rates as r
  set fee_minor = p_fee_minor, free_from_minor = p_free_from_minor, version = r.version + 1, updated_at = v_now
  where r.seller_id = v_actor.seller_id and r.currency = p_currency;
  perform events._append(
    'shipping_rate', v_actor.seller_id, v_rate.version + 1, 'pricing.shipping_rate_changed', v_actor.user_id, p_ctx.request_id,
    array[v_actor.seller_id],
    jsonb_build_object('sellerId', v_actor.seller_id, 'currency', p_currency, 'feeMinor', p_fee_minor,
                       'freeFromMinor', p_free_from_minor, 'version', v_rate.version + 1));
  return query
  select r.* from pricing.view_shipping_rate as r where r.seller_id = v_actor.seller_id and r.currency = p_currency;
end
$$;
comment on function pricing.set_shipping_rate(core.call_context, text, integer, bigint, bigint) is
  'Sets the caller''s shipping fee in a currency.';
grant execute on function pricing.set_shipping_rate(core.call_context, text, integer, bigint, bigint) to tradepost_api;
