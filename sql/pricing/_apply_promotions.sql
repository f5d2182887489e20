-- What promotions take off: one row per promotion and line, or per promotion and seller's shipping. STABLE, locks nothing.
-- Promotions act one after another (greater priority, then smaller promotion_id), each on what its predecessors left:
--   ORDER     computed once on the sum of the matching lines, split to them by largest remainder (ties: smaller line_no)
--   LINES     computed for each matching line: percent of what is left of it, or the amount for each unit
--   SHIPPING  waives the fee of each seller with a matching line
-- Percentages round half up; nothing goes below zero; rows of amount 0 are left out. Rows come in the order of acting.
-- Promotions in p_excluded (limits exhausted) count as absent. All baskets are handled together, one round per turn.
-- Private.
create or replace function pricing._apply_promotions(
  p_baskets pricing.basket[], p_lines pricing.basket_line[], p_shipping pricing.basket_shipping[],
  p_excluded uuid[], p_now timestamptz
)
returns setof pricing.adjustment
language plpgsql
stable
as $$
declare
  v_promotions pricing.basket_promotion[];
  v_turns integer;
  v_left bigint[];
  v_shares bigint[];
begin
  select array_agg(p), max(p.turn) into v_promotions, v_turns
  from pricing._basket_promotions(p_baskets, p_lines, coalesce(p_excluded, '{}'), p_now) as p;
  if v_promotions is null then
    return;
  end if;

  v_left := array(
    select l.quantity * l.unit_price_minor
    from unnest(p_lines) with ordinality as l
    order by l.ordinality);
  for v_turn in 1 .. v_turns loop
    v_shares := pricing._promotion_shares(v_promotions, v_turn, p_lines, v_left);
    if v_shares is null then
      continue;
    end if;
    return query
    select l.basket_no, l.seller_id, l.line_no, p.promotion_id, p.promotion_version, p.coupon_code, p.target,
           l.unnest, p.is_limited, 0::bigint, l.unnest, l.unnest::numeric
    from unnest(p_lines, v_shares) with ordinality as l
    join unnest(v_promotions) as p on p.basket_no = l.basket_no and p.turn = v_turn
    where l.unnest > 0
    order by l.ordinality;
    v_left := array(
      select s.left_minor - s.share_minor
      from unnest(v_left, v_shares) with ordinality as s (left_minor, share_minor, n)
      order by s.n);
  end loop;

  return query
  select distinct on (s.basket_no, s.seller_id)
         s.basket_no, s.seller_id, null::integer, p.promotion_id, p.promotion_version, p.coupon_code, p.target,
         s.fee_minor, p.is_limited, s.fee_minor, s.fee_minor, s.fee_minor::numeric
  from unnest(p_shipping) as s
  join unnest(v_promotions) as p
    on p.basket_no = s.basket_no and p.target = 'SHIPPING' and s.seller_id = any (p.seller_ids)
  where s.fee_minor > 0
  order by s.basket_no, s.seller_id, p.turn;
end
$$;
comment on function pricing._apply_promotions(pricing.basket[], pricing.basket_line[], pricing.basket_shipping[], uuid[], timestamptz) is
  'The discounts of many baskets, split to lines and shipping: the derivation behind every total.';
