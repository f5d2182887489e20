-- How many units of each matching line a promotion takes part with, in the order of the lines (by line_no). Which ones depends on
-- unit prices and line numbers only, so that earlier promotions do not change it:
--   UNITS        the unit_count cheapest or dearest units
--   BUY_X_GET_Y  of each x + y units the y cheapest of all
--   BUNDLE       a line belongs to the first component it matches; of each component the dearest units, as many as the sets need;
--                price_minor is what all sets together cost
-- Private; reads the promotion by its key.
create or replace function pricing._pick_units(p_promotion_id uuid, p_lines pricing.match_line[])
returns pricing.pick
language plpgsql
stable
as $$
declare
  v_promotion pricing.promotions;
  v_components integer[];
  v_sets bigint;
begin
  select p.* into v_promotion from pricing.promotions as p where p.promotion_id = p_promotion_id;
  if v_promotion.type <> 'BUNDLE' then
    return row(
      pricing._take_units(
        p_lines, array_fill(1, array[cardinality(p_lines)]),
        array[case v_promotion.type
          when 'BUY_X_GET_Y' then (select sum(l.quantity) from unnest(p_lines) as l)
                                  / (v_promotion.buy_quantity + v_promotion.get_quantity) * v_promotion.get_quantity
          else v_promotion.unit_count end],
        coalesce(v_promotion.unit_pick = 'DEAREST', false)),
      null)::pricing.pick;
  end if;
  v_components := array(
    select (select min(c.n)
            from jsonb_array_elements(v_promotion.bundle) with ordinality as c (part, n)
            where (not c.part ? 'productIds' or c.part -> 'productIds' ? l.product_id::text)
              and (not c.part ? 'variantIds' or c.part -> 'variantIds' ? l.variant_id::text)
              and (not c.part ? 'categoryIds' or c.part -> 'categoryIds' ?| l.category_path::text[]))
    from unnest(p_lines) with ordinality as l
    order by l.ordinality);
  select min(coalesce(h.quantity, 0) / (c.part ->> 'quantity')::integer) into v_sets
  from jsonb_array_elements(v_promotion.bundle) with ordinality as c (part, n)
  left join (select l.unnest as component, sum(l.quantity) as quantity
             from unnest(p_lines, v_components) as l
             group by l.unnest) as h on h.component = c.n;
  return row(
    pricing._take_units(
      p_lines, v_components,
      array(select v_sets * (c.part ->> 'quantity')::integer
            from jsonb_array_elements(v_promotion.bundle) with ordinality as c (part, n) order by c.n),
      true),
    v_sets * v_promotion.price_minor)::pricing.pick;
end
$$;
comment on function pricing._pick_units(uuid, pricing.match_line[]) is
  'Which units of the matching lines a promotion is about, where it is not about all.';
