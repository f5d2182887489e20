-- Prices past orders with one promotion alone, each at the moment it was placed, and sums up what it takes off, per currency. A gift
-- takes off what its line would have cost.
-- Private; the caller undoes what it writes: the promotion, live and without coupon, window and limits, under an id of its own.
create or replace function orders._simulated_costs(p_promotion pricing.promotions, p_order_ids uuid[])
returns jsonb
language plpgsql
volatile
as $$
declare
  v_probe pricing.promotions := p_promotion;
  v_others uuid[];
  v_totals jsonb;
begin
  v_probe.promotion_id := core.new_id();
  v_probe.status := 'ACTIVE';
  v_probe.starts_at := '-infinity';
  v_probe.ends_at := null;
  v_probe.coupon_code := null;
  v_probe.requires_coupon := false;
  v_probe.usage_limit := null;
  v_probe.buyer_limit := null;
  v_probe.budget_minor := null;
  v_others := array(select p.promotion_id from pricing.promotions as p
                    where p.status in ('SCHEDULED', 'ACTIVE') and p.coupon_code is null and not p.requires_coupon);
  insert into pricing.promotions select v_probe.*;

  select coalesce(jsonb_agg(orders._cost(t.currency, t.orders, t.amount_minor, t.seller_minor) order by t.currency), '[]')
  into v_totals
  from (select c.currency, count(*) as orders, sum(c.amount_minor) as amount_minor, sum(c.seller_minor) as seller_minor
        from (select o.currency::text as currency, sum(a.amount_minor) as amount_minor, sum(a.seller_minor) as seller_minor
              from unnest(p_order_ids) as i (order_id)
              join orders.orders as o on o.order_id = i.order_id
              cross join lateral (select orders._past_lines(o) as bought offset 0) as l
              cross join lateral pricing._apply_promotions(
                array[orders._past_basket(o)], l.bought || array(select g from orders._past_gift(o, v_probe, l.bought) as g),
                orders._past_shipping(o), v_others, o.placed_at) as a
              group by o.order_id, o.currency) as c
        group by c.currency) as t;
  return v_totals;
end
$$;
comment on function orders._simulated_costs(pricing.promotions, uuid[]) is 'What one promotion alone takes off past orders, per currency.';
