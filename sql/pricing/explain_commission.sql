-- Which commission rule a line would be charged by at a moment, and which not, and why: the winner first, then those that
-- match and lose in the order of their rank, then those that do not match. For a line that need not exist; for one of an order
-- there is orders.explain_commissions. For ADMIN. p_at null = now; the past is answered by the versions that were in force then.
-- p_line: {appliesTo? (LINE), sellerId, productId?, currency, unitPriceMinor, quantity? (1), discountMinor? (0),
-- platformMinor? (0, what the platform bears of the discount)}; for SHIPPING unitPriceMinor is the fee.
-- Locks: none. Events: none. Problems: identity.*, pricing.rule_invalid, pricing.*_unknown, pricing.quantity_invalid.
create or replace function pricing.explain_commission(p_ctx core.call_context, p_line jsonb, p_at timestamptz)
returns setof pricing.commission_candidate
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_subject pricing.commission_subject;
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  v_subject.applies_to := coalesce(p_line ->> 'appliesTo', 'LINE');
  v_subject.seller_id := (p_line ->> 'sellerId')::uuid;
  v_subject.product_id := (p_line ->> 'productId')::uuid;
  v_subject.currency := p_line ->> 'currency';
  v_subject.quantity := coalesce((p_line ->> 'quantity')::integer, 1);
  v_subject.unit_price_minor := (p_line ->> 'unitPriceMinor')::bigint;
  perform pricing._check_references(array[v_subject.seller_id], '{}', array[v_subject.product_id], v_subject.currency,
                                    'sellerId', 'categoryId', 'productId', 'currency');
  if v_subject.applies_to not in ('LINE', 'SHIPPING') then
    perform pricing._invalid('pricing.rule_invalid', 'appliesTo', 'A rule applies to LINE or SHIPPING.');
  elsif v_subject.quantity not between 1 and core._setting_int('orders.line_quantity_max') then
    perform pricing._invalid('pricing.quantity_invalid', 'quantity',
                             format('A line takes 1 to %s units.', core._setting_int('orders.line_quantity_max')));
  elsif not coalesce(v_subject.unit_price_minor between 0 and 100000000000, false) then
    perform pricing._invalid('pricing.rule_invalid', 'unitPriceMinor', 'A price is 0 to 100000000000 minor units.');
  end if;
  v_subject.gross_minor := v_subject.quantity * v_subject.unit_price_minor;
  v_subject.net_minor := v_subject.gross_minor - coalesce((p_line ->> 'discountMinor')::bigint, 0);
  v_subject.limit_minor := v_subject.net_minor + coalesce((p_line ->> 'platformMinor')::bigint, 0);
  if not coalesce(v_subject.net_minor >= 0 and v_subject.limit_minor between v_subject.net_minor and v_subject.gross_minor, false) then
    perform pricing._invalid('pricing.rule_invalid', 'discountMinor',
                             'A discount is not more than the line, and the platform bears not more than the discount.');
  end if;
  if v_subject.applies_to = 'SHIPPING' then
    v_subject.unit_price_minor := null;
    v_subject.product_id := null;
  else
    select c.path into v_subject.category_path
    from catalog.products as p
    join catalog.categories as c on c.category_id = p.category_id
    where p.product_id = v_subject.product_id;
  end if;
  return query select c.* from pricing._commission_candidates(v_subject, coalesce(p_at, core.now()), null, null) as c;
end
$$;
comment on function pricing.explain_commission(core.call_context, jsonb, timestamptz) is
  'The rules that could charge a line now or then: which wins, which lose, which do not match, why, and what each would charge.';
grant execute on function pricing.explain_commission(core.call_context, jsonb, timestamptz) to tradepost_api;
