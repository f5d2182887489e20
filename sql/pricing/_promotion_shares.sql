-- What one promotion takes off each of its positions, on what is left of them. p_gross, p_left and p_quantities are those of all
-- lines (for target SHIPPING: of all fees), p_promotion.line_positions says which are meant. Private.
-- The base of a position is what is left of it, or its undiscounted amount with base ORIGINAL; of p units of q, p / q of that.
--   split  ORDER, BUNDLE, and an amount off SHIPPING: computed once, then split by largest remainder
--   else   computed for each position: percentage half up, amount per unit, or what is above the fixed price
-- No share passes what is left, what the floor leaves, or max_line_minor; what that cuts off is not moved elsewhere. When all of
-- them pass max_order_minor, that is split anew by the shares. A gift is given whole: the marketplace's floor does not charge for it.
create or replace function pricing._promotion_shares(
  p_promotion pricing.basket_promotion, p_gross bigint[], p_left bigint[], p_quantities integer[]
)
returns pricing.shares
language plpgsql
immutable
as $$
declare
  v_is_shipping constant boolean := p_promotion.target = 'SHIPPING';
  v_is_split constant boolean := p_promotion.target = 'ORDER' or p_promotion.type = 'BUNDLE'
                                 or (v_is_shipping and p_promotion.amount_minor is not null);
  v_bases bigint[] := '{}';
  v_weights bigint[] := '{}';
  v_amounts bigint[] := '{}';
  v_exacts numeric[] := '{}';
  v_limits bigint[] := '{}';
  c_exactly constant numeric := 1.000000000000000000000000000000;  -- a quotient keeps as many decimals as its dividend
  v_left_sum bigint := 0;
  v_sum bigint := 0;
  n integer;      -- the position
  q bigint;       -- its units
  p bigint;       -- how many of them take part
  b bigint;       -- its base
begin
  for i in 1 .. cardinality(p_promotion.line_positions) loop
    n := p_promotion.line_positions[i];
    q := case when v_is_shipping then 1 else p_quantities[n] end;
    p := coalesce(p_promotion.picks[i], q);
    b := case when p_promotion.base = 'ORIGINAL' and not v_is_shipping then p_gross[n] else p_left[n] end;
    v_bases[i] := b;
    v_limits[i] := case when v_is_shipping or p_promotion.type = 'GIFT' then p_left[n] else greatest(0, least(
      p_left[n], p_left[n] - (p_gross[n] * p_promotion.floor_bp + 9999) / 10000, p_promotion.max_line_minor)) end;
    if v_is_split then
      v_weights[i] := case when p = q then b else (2 * b * p + q) / (2 * q) end;
      v_sum := v_sum + v_weights[i];
      v_left_sum := v_left_sum + least(b, p_left[n]);
    elsif p_promotion.percent_bp is not null then
      v_amounts[i] := case when p = q then pricing._percent_of(b, p_promotion.percent_bp)
                           else div(2 * b::numeric * p * p_promotion.percent_bp + q * 10000, 2 * q * 10000) end;
      v_exacts[i] := c_exactly * b * p * p_promotion.percent_bp / (q * 10000);
    elsif p_promotion.amount_minor is not null then
      v_amounts[i] := p_promotion.amount_minor * p;
      v_exacts[i] := v_amounts[i];
    else
      v_amounts[i] := greatest(0, (2 * b * p + q) / (2 * q) - p_promotion.price_minor * p);
      v_exacts[i] := greatest(0, c_exactly * b * p / q - p_promotion.price_minor * p);
    end if;
  end loop;
  if v_is_split then
    v_left_sum := case
      when p_promotion.type = 'BUNDLE' then greatest(0, v_sum - p_promotion.price_minor)
      when p_promotion.percent_bp is not null then pricing._percent_of(v_sum, p_promotion.percent_bp)
      else least(p_promotion.amount_minor, v_left_sum) end;
    v_amounts := pricing._split(v_left_sum, v_weights);
    for i in 1 .. cardinality(v_weights) loop
      v_exacts[i] := case when v_sum = 0 then 0 else c_exactly * v_left_sum * v_weights[i] / v_sum end;
    end loop;
  end if;
  return pricing._cap_shares(p_promotion, v_bases, v_amounts, v_exacts, v_limits);
end
$$;
comment on function pricing._promotion_shares(pricing.basket_promotion, bigint[], bigint[], integer[]) is
  'What one promotion takes off each of its positions, exactly and in whole minor units.';
