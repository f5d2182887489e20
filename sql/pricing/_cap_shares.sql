-- Cuts the shares of one promotion to the limit of each position, then to its limit for the order, and says what of each share the
-- seller bears: the platform's part is computed once on the sum, half up, capped, and split by the shares. Private.
create or replace function pricing._cap_shares(
  p_promotion pricing.basket_promotion, p_bases bigint[], p_amounts bigint[], p_exacts numeric[], p_limits bigint[]
)
returns pricing.shares
language plpgsql
immutable
as $$
declare
  v_amounts bigint[] := p_amounts;
  v_exacts numeric[] := p_exacts;
  v_sellers bigint[];
  v_parts bigint[];
  v_sum bigint := 0;
begin
  for i in 1 .. cardinality(v_amounts) loop
    if v_amounts[i] > p_limits[i] then
      v_amounts[i] := p_limits[i];
      v_exacts[i] := p_limits[i];
    end if;
    v_sum := v_sum + v_amounts[i];
  end loop;
  if v_sum > p_promotion.max_order_minor then
    v_parts := pricing._split(p_promotion.max_order_minor, v_amounts);
    for i in 1 .. cardinality(v_amounts) loop
      v_exacts[i] := 1.000000000000000000000000000000 * p_promotion.max_order_minor * v_amounts[i] / v_sum;
    end loop;
    v_amounts := v_parts;
    v_sum := p_promotion.max_order_minor;
  end if;
  if p_promotion.seller_share_bp = 10000 or v_sum = 0 then
    v_sellers := v_amounts;
  else
    v_parts := pricing._split(
      least(pricing._percent_of(v_sum, 10000 - p_promotion.seller_share_bp), p_promotion.platform_cap_minor), v_amounts);
    for i in 1 .. cardinality(v_amounts) loop
      v_sellers[i] := v_amounts[i] - v_parts[i];
    end loop;
  end if;
  return row(p_bases, v_amounts, v_exacts, v_sellers)::pricing.shares;
end
$$;
comment on function pricing._cap_shares(pricing.basket_promotion, bigint[], bigint[], numeric[], bigint[]) is
  'The shares of one promotion within its limits, and what of them the seller bears.';
