-- The baskets of a batch with the order number of one lowered by the placings of the same buyer before it that were refused: they
-- were counted as orders when the baskets were made. Null when there are none. Private.
create or replace function orders._renumber(p_request_no integer, p_baskets pricing.basket[], p_placings orders.placing[])
returns pricing.basket[]
language plpgsql
immutable
as $$
declare
  v_buyer_id constant uuid := p_placings[p_request_no].buyer_id;
  v_refused constant integer := (
    select count(*) from unnest(p_baskets) as b
    where b.buyer_id = v_buyer_id and b.basket_no < p_request_no and p_placings[b.basket_no].problem_code is not null);
begin
  if v_refused = 0 then
    return null;
  end if;
  return array(
    select row(b.basket_no, b.buyer_id, b.currency, b.coupon_codes, b.country, b.group_codes,
               b.order_number - case when b.basket_no = p_request_no then v_refused else 0 end)::pricing.basket
    from unnest(p_baskets) with ordinality as b
    order by b.ordinality);
end
$$;
comment on function orders._renumber(integer, pricing.basket[], orders.placing[]) is
  'Baskets with the order number of one corrected by what was refused before it.';
