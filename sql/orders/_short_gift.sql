-- The first gift of one placing that the stock does not suffice for, after what was ordered and the gifts before it: the number of
-- its line, or null. Only gifts that are given (their promotion acts) count. Private; the stock is locked.
create or replace function orders._short_gift(
  p_request_no integer, p_lines pricing.basket_line[], p_adjustments pricing.adjustment[],
  p_keys inventory.stock_key[], p_available integer[]
)
returns integer
language plpgsql
immutable
as $$
begin
  return (
    select min(d.line_no)
    from (
      select l.line_no, l.gift_of, k.ordinality as stock_no,
             sum(l.quantity) over (
               partition by k.ordinality order by l.gift_of is not null, l.line_no rows unbounded preceding) as quantity
      from unnest(p_lines) as l
      join unnest(p_keys) with ordinality as k on k.seller_id = l.seller_id and k.variant_id = l.variant_id
      where l.basket_no = p_request_no
        and (l.gift_of is null or exists (
          select from unnest(p_adjustments) as a where a.basket_no = l.basket_no and a.promotion_id = l.gift_of))
    ) as d
    where d.gift_of is not null and d.quantity > p_available[d.stock_no]);
end
$$;
comment on function orders._short_gift(integer, pricing.basket_line[], pricing.adjustment[], inventory.stock_key[], integer[]) is
  'The line of the first gift of a placing that is not in stock.';
