-- What a proposed commission rule would have changed: every sold order of a period is charged again as if the rule had been in
-- force all the time (and the rule p_replaces had not), at the prices and discounts of then. One row per seller and currency
-- that sold something the rule could be for. Where the proposed rule and the charged one have the same rank, the proposed one
-- wins: it would take its place. Nothing is written. For ADMIN. p_until null = now.
-- Bounded: at most 366 days and orders.simulation_orders_max orders. Locks: none. Events: none.
-- Raises: identity.*, pricing.rule_invalid, pricing.*_unknown, orders.period_invalid.
create or replace function orders.simulate_commission_rule(
  p_ctx core.call_context, p_rule jsonb, p_replaces uuid, p_from timestamptz, p_until timestamptz
)
returns setof orders.simulated_commission
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_rule pricing.commission_rules;
  v_order_ids uuid[];
  v_field text;
  v_detail text;
begin
  begin
    v_rule := pricing._proposed_commission_rule(p_rule, v_now, v_actor.user_id);
  exception
    when sqlstate 'MK422' then  -- the rule is a part of the request
      get stacked diagnostics v_field = column_name, v_detail = pg_exception_detail;
      perform pricing._invalid(sqlerrm, 'rule/' || v_field, v_detail);
  end;
  if p_replaces is not null and not exists (select from pricing.commission_rules as r where r.rule_id = p_replaces) then
    perform pricing._invalid('pricing.rule_unknown', 'replacesRuleId', 'There is no such commission rule.');
  end if;
  v_order_ids := orders._sold_orders(p_from, coalesce(p_until, v_now));
  return query
  with charges as materialized (
    select c.* from orders._commission_charges(v_order_ids, v_rule.applies_to) as c
    where v_rule.seller_id is null or c.seller_id = v_rule.seller_id or c.rule_id = p_replaces
  ), judged as (
    select c.*,
           (v_rule.seller_id is null or v_rule.seller_id = c.seller_id)
             and (v_rule.product_id is null or v_rule.product_id = c.product_id)
             and (v_rule.category_id is null or v_rule.category_id = any (c.category_path))
             and (v_rule.currency is null or v_rule.currency = c.currency)
             and (v_rule.band_min_minor is null or c.unit_price_minor >= v_rule.band_min_minor)
             and (v_rule.band_max_minor is null or c.unit_price_minor < v_rule.band_max_minor) as is_match,
           rival.rule as rival
    from charges as c
    left join lateral (
      -- the rule that charged it, or, when that is to be replaced, the next one of then
      select r as rule from pricing.commission_rules as r
      where r.rule_id = c.rule_id and r.version = c.rule_version and r.rule_id is distinct from p_replaces
      union all
      (select r from pricing._matching_commission_rules(c.applies_to, c.seller_id, c.product_id, c.category_path,
                                                          c.currency, c.unit_price_minor, c.placed_at) as r
       where c.rule_id = p_replaces and r.rule_id <> p_replaces
       order by pricing._commission_rank(r, c.category_path) desc limit 1)) as rival on true
  ), simulated as (
    select j.*, s.amount_minor as simulated_minor, s.vat_minor as simulated_vat_minor
    from judged as j
    cross join lateral orders._charge_again(
      j.is_match and (j.rival is null or pricing._commission_rank(v_rule, j.category_path)
                                         >= pricing._commission_rank(j.rival, j.category_path)),
      v_rule, j.rival, j.gross_minor, j.net_minor, j.limit_minor, j.quantity) as s
    where j.is_match or j.rule_id = p_replaces
  )
  select s.seller_id, s.currency, count(distinct s.order_id), count(*),
         count(*) filter (where (s.simulated_minor, s.simulated_vat_minor) <> (s.amount_minor, s.vat_minor)),
         sum(s.amount_minor)::bigint, sum(s.vat_minor)::bigint, sum(s.simulated_minor)::bigint,
         sum(s.simulated_vat_minor)::bigint, sum(s.simulated_minor - s.amount_minor)::bigint
  from simulated as s
  group by s.seller_id, s.currency
  order by s.seller_id, s.currency;
end
$$;
comment on function orders.simulate_commission_rule(core.call_context, jsonb, uuid, timestamptz, timestamptz) is
  'Charges the sold orders of a period as if a proposed commission rule had been in force; the difference per seller.';
grant execute on function orders.simulate_commission_rule(core.call_context, jsonb, uuid, timestamptz, timestamptz) to tradepost_api;
