-- One round of pricing._apply_promotions: what the promotions whose turn it is take off each line. p_left holds what is left of
-- each line of p_lines; the answer is as long, 0 where nothing is taken; null when no promotion of lines has this turn.
-- ORDER shares are floors of the exact shares plus one minor unit for the largest remainders, so that they add up. Private.
create or replace function pricing._promotion_shares(
  p_promotions pricing.basket_promotion[], p_turn integer, p_lines pricing.basket_line[], p_left bigint[]
)
returns bigint[]
language sql
immutable
as $$
  with lines as (
    select l.ordinality as n, l.line_no, l.quantity, l.unnest as left_minor
    from unnest(p_lines, p_left) with ordinality as l
  ), matched as (
    select p.basket_no, p.type, p.target, p.percent_bp, p.amount_minor, l.n, l.line_no, l.quantity, l.left_minor,
           (sum(l.left_minor) over (partition by p.basket_no))::bigint as whole_minor
    from unnest(p_promotions) as p
    cross join lateral unnest(p.line_positions) as position (n)
    join lines as l on l.n = position.n
    where p.turn = p_turn and p.target <> 'SHIPPING'
  ), floors as (
    select m.basket_no, m.n, m.line_no, m.whole_minor, d.discount_minor,
           case when m.target = 'LINES' then d.discount_minor
                else coalesce(div(d.discount_minor::numeric * m.left_minor, nullif(m.whole_minor, 0)), 0)::bigint
           end as share_minor,
           case when m.target = 'LINES' then 0
                else coalesce(mod(d.discount_minor::numeric * m.left_minor, nullif(m.whole_minor, 0)), 0)
           end as remainder,
           m.target = 'ORDER' as is_split
    from matched as m
    cross join lateral (
      select case when m.target = 'ORDER' then m.whole_minor else m.left_minor end as base_minor,
             case when m.target = 'ORDER' then 1 else m.quantity end as times
    ) as base
    cross join lateral (
      select least(base.base_minor,
                   case m.type when 'PERCENTAGE' then pricing._percent_of(base.base_minor, m.percent_bp)
                               else m.amount_minor * base.times end) as discount_minor
    ) as d
  ), shares as (
    select f.n,
           f.share_minor
           + case when f.is_split
                   and row_number() over (partition by f.basket_no order by f.remainder desc, f.line_no)
                       <= f.discount_minor - sum(f.share_minor) over (partition by f.basket_no)
                  then 1 else 0 end as share_minor
    from floors as f
  )
  select array_agg(coalesce(s.share_minor, 0) order by l.n)
  from lines as l
  left join shares as s on s.n = l.n
  having count(s.n) > 0
$$;
comment on function pricing._promotion_shares(pricing.basket_promotion[], integer, pricing.basket_line[], bigint[]) is
  'What the promotions of one turn take off each line; split discounts add up to the cent.';
