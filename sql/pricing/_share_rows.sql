-- The shares of one promotion as rows, those of 0 left out, in the order of its positions. Private.
create or replace function pricing._share_rows(
  p_promotion pricing.basket_promotion, p_shares pricing.shares, p_lines pricing.basket_line[], p_shipping pricing.basket_shipping[]
)
returns setof pricing.adjustment
language plpgsql
immutable
as $$
declare
  v_row pricing.adjustment;
  n integer;
begin
  v_row.basket_no := p_promotion.basket_no;
  v_row.promotion_id := p_promotion.promotion_id;
  v_row.promotion_version := p_promotion.promotion_version;
  v_row.coupon_code := p_promotion.coupon_code;
  v_row.target := p_promotion.target;
  v_row.is_limited := p_promotion.is_limited;
  for i in 1 .. cardinality(p_promotion.line_positions) loop
    if p_shares.amounts[i] > 0 then
      n := p_promotion.line_positions[i];
      if p_promotion.target = 'SHIPPING' then
        v_row.seller_id := p_shipping[n].seller_id;
      else
        v_row.seller_id := p_lines[n].seller_id;
        v_row.line_no := p_lines[n].line_no;
      end if;
      v_row.base_minor := p_shares.base_minors[i];
      v_row.amount_minor := p_shares.amounts[i];
      v_row.exact_share := round(p_shares.exacts[i], 6);
      v_row.seller_minor := p_shares.seller_minors[i];
      return next v_row;
    end if;
  end loop;
end
$$;
comment on function pricing._share_rows(pricing.basket_promotion, pricing.shares, pricing.basket_line[], pricing.basket_shipping[]) is
  'The derivation rows of one promotion in one basket.';
