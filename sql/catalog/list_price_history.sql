-- What one unit of an offer cost everybody in a currency (null = the offer's own), newest first, up to now: sales that are to come
-- are nobody's business yet, so the last period has no end. For everybody who sees the offer.
-- Locks: none. Events: none.
-- Problems: identity.unauthenticated, MK404 catalog.offer_not_found, MK422 catalog.currency_unknown, MK400 core.cursor_invalid.
create or replace function catalog.list_price_history(
  p_ctx core.call_context, p_variant_id uuid, p_seller_id uuid, p_currency text, p_cursor text, p_limit integer)
returns setof catalog.price_history_page
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._actor_or_anonymous(p_ctx);
  v_before constant timestamptz := (core._decode_cursor(p_cursor, array['timestamptz']))[1];
  v_now constant timestamptz := core.now();
  v_limit constant bigint := core._page_limit(p_limit);
  v_offer catalog.offers;
begin
  perform catalog._require_currency(p_currency);
  select o.* into v_offer from catalog.offers as o where o.seller_id = p_seller_id and o.variant_id = p_variant_id;
  if not found or not catalog._may_see_offer(v_actor, v_offer) then
    perform catalog._refuse_offer();
  end if;
  return query
    select p.currency::text, p.price_minor, p.is_sale, p.since, case when p.until <= v_now then p.until end,
           core._encode_cursor(p.since::text)
      from catalog.price_period as p
     where p.seller_id = p_seller_id
       and p.variant_id = p_variant_id
       and p.currency = coalesce(p_currency::bpchar, v_offer.currency)
       and p.since <= v_now
       and p.decided_at <= v_now
       and (v_before is null or p.since < v_before and p.decided_at < v_before)
     order by p.decided_at desc, p.since desc
     limit v_limit;
end;
$$;
comment on function catalog.list_price_history(core.call_context, uuid, uuid, text, text, integer) is
  'What one unit of an offer cost everybody, newest first.';
grant execute on function catalog.list_price_history(core.call_context, uuid, uuid, text, text, integer) to tradepost_api;
