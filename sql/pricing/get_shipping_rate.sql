-- The caller's own shipping rate in a currency; fee 0 and version 0 when none was set. For sellers.
-- Locks: none. Events: none. Problems: identity.*, MK404 pricing.currency_not_found.
create or replace function pricing.get_shipping_rate(p_ctx core.call_context, p_currency text)
returns setof pricing.view_shipping_rate
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._require_seller(p_ctx);
begin
  perform pricing._require_currency(p_currency);
  return query
  select v_actor.seller_id, p_currency, coalesce(r.fee_minor, 0), r.free_from_minor, coalesce(r.version, 0), r.updated_at
  from (select 1) as one
  left join pricing.shipping_rates as r on r.seller_id = v_actor.seller_id and r.currency = p_currency;
end
$$;
comment on function pricing.get_shipping_rate(core.call_context, text) is 'The caller''s shipping rate in a currency.';
grant execute on function pricing.get_shipping_rate(core.call_context, text) to tradepost_api;
