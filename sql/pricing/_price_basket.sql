-- Prices one basket as an order placed now would be priced, with unlocked reads of what is left: promotions that are used up are
-- left out, and so are gifts that the stock does not suffice for after what is in the basket. The lines that come back are those
-- given and those of gifts that could be given, whether or not their promotion acts. Private; reads only.
create or replace function pricing._price_basket(
  p_baskets pricing.basket[], p_lines pricing.basket_line[], p_shipping pricing.basket_shipping[], p_now timestamptz
)
returns pricing.priced
language plpgsql
stable
as $$
declare
  v_lines pricing.basket_line[] := p_lines || array(select g from pricing._gift_lines(p_baskets, p_lines, p_now) as g);
  v_adjustments pricing.adjustment[];
  v_short_gift integer;
begin
  loop
    v_adjustments := array(select a from pricing._drop_exhausted(p_baskets, v_lines, p_shipping, p_now) as a);
    exit when not exists (select from unnest(v_lines) as l where l.gift_of is not null);
    select min(d.line_no) into v_short_gift
    from (
      select l.line_no, l.gift_of, coalesce(s.on_hand - s.reserved, 0) as available,
             sum(l.quantity) over (partition by l.seller_id, l.variant_id
                                   order by l.gift_of is not null, l.line_no rows unbounded preceding) as quantity
      from unnest(v_lines) as l
      left join inventory.stock_levels as s on s.seller_id = l.seller_id and s.variant_id = l.variant_id
      where l.gift_of is null or exists (select from unnest(v_adjustments) as a where a.promotion_id = l.gift_of)
    ) as d
    where d.gift_of is not null and d.quantity > d.available;
    exit when v_short_gift is null;
    v_lines := array(select l from unnest(v_lines) as l where l.line_no <> v_short_gift);
  end loop;
  return row(v_lines, v_adjustments)::pricing.priced;
end
$$;
comment on function pricing._price_basket(pricing.basket[], pricing.basket_line[], pricing.basket_shipping[], timestamptz) is
  'One basket as an order placed now would be priced.';
