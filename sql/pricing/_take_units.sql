-- Takes units from lines, cheapest or dearest first (ties: smaller line_no): p_counts[g] units from the lines of group g. p_groups
-- says which group each line is in (null: none). Answers how many of each line. Private.
create or replace function pricing._take_units(
  p_lines pricing.match_line[], p_groups integer[], p_counts bigint[], p_is_dearest_first boolean
)
returns integer[]
language plpgsql
immutable
as $$
begin
  return array(
    select case when q.group_no is null then 0
                else greatest(0, least(q.quantity, p_counts[q.group_no] - q.taken_before)) end::integer
    from (
      select l.ordinality as n, l.unnest as group_no, l.quantity,
             sum(l.quantity) over (
               partition by l.unnest
               order by case when p_is_dearest_first then -l.unit_price_minor else l.unit_price_minor end, l.line_no
             ) - l.quantity as taken_before
      from unnest(p_lines, p_groups) with ordinality as l
    ) as q
    order by q.n);
end
$$;
comment on function pricing._take_units(pricing.match_line[], integer[], bigint[], boolean) is
  'How many units of each line are among the first so many of its group, by price.';
