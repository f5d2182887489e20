-- The shipping fee of each seller in each basket: the seller's flat fee in the basket's currency, waived from free_from_minor on.
-- The threshold looks at the seller's lines before any discount. No rate: no fee. One row per basket and seller.
-- Private.
create or replace function pricing._shipping_fees(p_lines pricing.basket_line[], p_baskets pricing.basket[])
returns setof pricing.basket_shipping
language plpgsql
stable
as $$
begin
  return query
  select parts.basket_no, parts.seller_id,
         case when parts.subtotal_minor >= r.free_from_minor then 0 else coalesce(r.fee_minor, 0) end
  from (
    select l.basket_no, b.currency, l.seller_id, sum(l.quantity * l.unit_price_minor) as subtotal_minor
    from unnest(p_lines) as l
    join unnest(p_baskets) as b on b.basket_no = l.basket_no
    group by l.basket_no, b.currency, l.seller_id
  ) as parts
  left join pricing.shipping_rates as r on r.seller_id = parts.seller_id and r.currency = parts.currency
  order by parts.basket_no, parts.seller_id;
end
$$;
comment on function pricing._shipping_fees(pricing.basket_line[], pricing.basket[]) is
  'Flat shipping fees per basket and seller, 0 where waived or not set.';
