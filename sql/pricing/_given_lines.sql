-- The lines that baskets have in the end, with their discounts: a gift that is not given is no line, and those that are given are
-- numbered after the last line without a gap, in the order in which they were given. Private.
create or replace function pricing._given_lines(p_lines pricing.basket_line[], p_adjustments pricing.adjustment[])
returns pricing.priced
language plpgsql
immutable
as $$
declare
  v_lines pricing.basket_line[] := p_lines;
  v_adjustments pricing.adjustment[] := p_adjustments;
  v_gift record;
begin
  if not exists (select from unnest(p_lines) as l where l.gift_of is not null) then
    return row(v_lines, v_adjustments)::pricing.priced;
  end if;
  v_lines := array(
    select l from unnest(p_lines) as l
    where l.gift_of is null or exists (
      select from unnest(p_adjustments) as a where a.basket_no = l.basket_no and a.promotion_id = l.gift_of));
  for v_gift in
    select g.n, g.line_no, array(select a.ordinality from unnest(p_adjustments) with ordinality as a
                                 where a.basket_no = g.basket_no and a.promotion_id = g.gift_of) as shares
    from (select l.ordinality as n, l.basket_no, l.gift_of, l.line_no as old_no,
                 max(l.line_no) filter (where l.gift_of is null) over (partition by l.basket_no)
                 + count(*) filter (where l.gift_of is not null) over (partition by l.basket_no order by l.line_no) as line_no
          from unnest(v_lines) with ordinality as l) as g
    where g.gift_of is not null and g.line_no <> g.old_no
  loop
    v_lines[v_gift.n].line_no := v_gift.line_no;
    for i in 1 .. cardinality(v_gift.shares) loop
      v_adjustments[v_gift.shares[i]].line_no := v_gift.line_no;
    end loop;
  end loop;
  return row(v_lines, v_adjustments)::pricing.priced;
end
$$;
comment on function pricing._given_lines(pricing.basket_line[], pricing.adjustment[]) is
  'The lines of baskets with the gifts that are given, and the discounts, numbered without a gap.';
