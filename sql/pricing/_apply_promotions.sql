-- What promotions take off: one row per promotion and line, or per promotion and seller's shipping. STABLE, locks nothing.
-- What applies to which lines is found for all baskets in one statement (pricing._basket_promotions); then they act in each basket
-- one after another, each on what its predecessors left, by arithmetic on arrays: for orders of a few lines that costs less than
-- a statement for each round, however many baskets share it. In its turn a promotion is skipped when
--   1. one that acted stops further ones or is exclusive, or this one is exclusive and another acted;
--   2. its exclusivity group acted; where the group's mode is BEST its members are computed on the same state in the slot of the
--      first, and the greatest total acts (ties: order of acting);
--   3. its class (ORDER; LINE for LINES and UNITS; SHIPPING) and that of one that acted do not combine, by either's word;
--   4. it takes nothing off: then it did not act.
-- Shares of 0 are left out. Rows come in the order of acting, of one promotion in that of its positions. Promotions in p_excluded
-- (limits exhausted) count as absent. Private.
-- long: every step reads or changes the same running state.
create or replace function pricing._apply_promotions(
  p_baskets pricing.basket[], p_lines pricing.basket_line[], p_shipping pricing.basket_shipping[],
  p_excluded uuid[], p_now timestamptz
)
returns setof pricing.adjustment
language plpgsql
stable
as $$
declare
  v_gross bigint[];
  v_left bigint[];
  v_quantities integer[];
  v_line_nos integer[];
  v_line_sellers uuid[];
  v_fee_sellers uuid[];
  v_amount bigint;
  n integer;
  v_fees bigint[] := array(select s.fee_minor from unnest(p_shipping) with ordinality as s order by s.ordinality);
  v_fees_left bigint[] := v_fees;
  v_basket_no integer;
  v_classes text[];
  v_combines_with text[];
  v_groups text[];
  v_is_closed boolean;
  p pricing.basket_promotion;
  v_shares pricing.shares;
  v_total bigint;
  v_best pricing.basket_promotion;
  v_best_shares pricing.shares;
  v_best_total bigint := 0;
begin
  for p in
    select b.*
    from (select * from pricing._basket_promotions(p_baskets, p_lines, p_excluded, p_now)
          union all
          select (null::pricing.basket_promotion).*) as b  -- the end: lets the last one act
    order by b.basket_no nulls last, b.slot, b.turn
  loop
    if v_best_total > 0 and (p.basket_no, p.slot) is distinct from (v_best.basket_no, v_best.slot) then
      for i in 1 .. cardinality(v_best.line_positions) loop
        v_amount := v_best_shares.amounts[i];
        continue when v_amount = 0;
        n := v_best.line_positions[i];
        if v_best.target = 'SHIPPING' then
          v_fees_left[n] := v_fees_left[n] - v_amount;
        else
          v_left[n] := v_left[n] - v_amount;
        end if;
        return next row(
          v_best.basket_no, case when v_best.target = 'SHIPPING' then v_fee_sellers[n] else v_line_sellers[n] end,
          case when v_best.target <> 'SHIPPING' then v_line_nos[n] end,
          v_best.promotion_id, v_best.promotion_version, v_best.coupon_code, v_best.target, v_amount, v_best.is_limited,
          v_best_shares.base_minors[i], v_best_shares.seller_minors[i], round(v_best_shares.exacts[i], 6))::pricing.adjustment;
      end loop;
      v_is_closed := v_best.is_exclusive or v_best.stops_further;
      v_classes := v_classes || pricing._class_of(v_best.target);
      if not v_combines_with <@ v_best.combines_with then
        v_combines_with := array(select c from unnest(v_combines_with) as c where c = any (v_best.combines_with));
      end if;
      v_groups := v_groups || v_best.exclusivity_group;
      v_best_total := 0;
    end if;
    exit when p.basket_no is null;
    if v_left is null then
      select array_agg(l.quantity order by l.ordinality), array_agg(l.quantity * l.unit_price_minor order by l.ordinality),
             array_agg(l.line_no order by l.ordinality), array_agg(l.seller_id order by l.ordinality)
      into v_quantities, v_gross, v_line_nos, v_line_sellers
      from unnest(p_lines) with ordinality as l;
      v_left := v_gross;
      v_fee_sellers := array(select s.seller_id from unnest(p_shipping) with ordinality as s order by s.ordinality);
    end if;
    if v_basket_no is distinct from p.basket_no then
      v_basket_no := p.basket_no;
      v_classes := '{}';
      v_combines_with := '{ORDER,LINE,SHIPPING}';
      v_groups := '{}';
      v_is_closed := false;
    end if;

    continue when v_is_closed or (p.is_exclusive and v_classes <> '{}') or p.exclusivity_group = any (v_groups)
      or pricing._class_of(p.target) <> all (v_combines_with) or not v_classes <@ p.combines_with;
    if p.target = 'SHIPPING' then
      p.line_positions := array(
        select s.ordinality from unnest(p_shipping) with ordinality as s
        where s.basket_no = p.basket_no and s.seller_id = any (p.seller_ids) order by s.seller_id);
      v_shares := pricing._promotion_shares(p, v_fees, v_fees_left, null);
    else
      v_shares := pricing._promotion_shares(p, v_gross, v_left, v_quantities);
    end if;
    v_total := 0;
    for i in 1 .. cardinality(v_shares.amounts) loop
      v_total := v_total + v_shares.amounts[i];
    end loop;
    if v_total > v_best_total then
      v_best := p;
      v_best_shares := v_shares;
      v_best_total := v_total;
    end if;
  end loop;
end
$$;
comment on function pricing._apply_promotions(pricing.basket[], pricing.basket_line[], pricing.basket_shipping[], uuid[], timestamptz) is
  'The discounts of many baskets, split to lines and shipping: the derivation behind every total.';
