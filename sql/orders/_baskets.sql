-- The baskets of placings that are not refused so far, with the facts about buyers that live promotions ask for: the country of the
-- address, the groups of the buyer, and that this is the buyer's n-th order (cancelled and expired ones do not count; those of the
-- same batch that are placed before it do). Private; reads only.
create or replace function orders._baskets(p_placings orders.placing[])
returns setof pricing.basket
language plpgsql
stable
as $$
declare
  v_needed constant text[] := pricing._facts_needed();
begin
  return query
  select p.request_no, p.buyer_id, p.currency, p.coupon_codes,
         case when 'buyer' = any (v_needed) then upper(p.shipping_address ->> 'countryCode') end,
         case when 'buyer' = any (v_needed) then array(
           select m.group_code from pricing.buyer_group_members as m where m.buyer_id = p.buyer_id) end,
         case when 'orderNumber' = any (v_needed) then (
           select 1 + count(*) from orders.orders as o
           where o.buyer_id = p.buyer_id and o.status not in ('CANCELLED', 'EXPIRED'))
           + row_number() over (partition by p.buyer_id order by p.request_no) - 1 end::integer
  from unnest(p_placings) as p
  where p.problem_code is null and not p.is_replayed
  order by p.request_no;
end
$$;
comment on function orders._baskets(orders.placing[]) is 'Placings as baskets, with the facts that conditions of promotions ask for.';
