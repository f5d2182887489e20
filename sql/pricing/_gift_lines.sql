-- The lines that gifts would add to baskets: one per gift promotion that applies, after the basket's last line, at the price of the
-- offer it is taken from (the named seller's, or the cheapest). No offer, no line. Whether the gift is given is decided when the
-- promotions act; until then its line carries gift_of, counts for nothing, and costs no shipping. Numbered in the order of acting;
-- pricing._given_lines closes the gaps of those that are not given. Private; reads only.
create or replace function pricing._gift_lines(p_baskets pricing.basket[], p_lines pricing.basket_line[], p_now timestamptz)
returns setof pricing.basket_line
language plpgsql
stable
as $$
begin
  if not exists (select from pricing.promotions as p where p.status in ('ACTIVE', 'SCHEDULED') and p.type = 'GIFT') then
    return;
  end if;
  return query
  with wanted as (
    select b.basket_no, b.currency, b.buyer_id, g.promotion_id, p.gift_variant_id, p.gift_seller_id, p.gift_quantity,
           last.line_no + row_number() over (partition by b.basket_no order by g.slot, g.turn) as line_no
    from pricing._basket_promotions(p_baskets, p_lines, '{}', p_now) as g
    join pricing.promotions as p on p.promotion_id = g.promotion_id
    join unnest(p_baskets) as b on b.basket_no = g.basket_no
    join (select l.basket_no, max(l.line_no) as line_no from unnest(p_lines) as l group by l.basket_no) as last
      on last.basket_no = g.basket_no
    where g.type = 'GIFT'
  )
  select l.basket_no, l.line_no, l.seller_id, l.variant_id, l.product_id, l.category_path, l.quantity, l.unit_price_minor,
         l.title, l.sku, l.axis_values, l.problem_code, l.problem_detail, l.variant_facts, w.promotion_id, l.price_source
  from pricing._resolve_lines(
         array(select row(w.basket_no, w.line_no, w.gift_variant_id, w.gift_seller_id, w.gift_quantity, w.currency,
                          w.buyer_id)::pricing.wanted_line
               from wanted as w), p_now) as l
  join wanted as w on w.basket_no = l.basket_no and w.line_no = l.line_no
  where l.problem_code is null
  order by l.basket_no, l.line_no;
end
$$;
comment on function pricing._gift_lines(pricing.basket[], pricing.basket_line[], timestamptz) is
  'The lines that the gift promotions of baskets would add.';
