-- Prices one placing of a batch anew and puts its adjustments in the place of the old ones. Private; reads only.
create or replace function orders._reprice(
  p_request_no integer, p_baskets pricing.basket[], p_lines pricing.basket_line[], p_shipping pricing.basket_shipping[],
  p_adjustments pricing.adjustment[], p_now timestamptz
)
returns pricing.adjustment[]
language plpgsql
stable
as $$
begin
  return
    array(select a from unnest(p_adjustments) as a where a.basket_no <> p_request_no)
    || array(
      select a from pricing._apply_promotions(
        array(select b from unnest(p_baskets) as b where b.basket_no = p_request_no),
        array(select l from unnest(p_lines) as l where l.basket_no = p_request_no),
        array(select s from unnest(p_shipping) as s where s.basket_no = p_request_no), '{}', p_now) as a);
end
$$;
comment on function orders._reprice(integer, pricing.basket[], pricing.basket_line[], pricing.basket_shipping[], pricing.adjustment[],
                                    timestamptz) is
  'The adjustments of a batch with those of one placing computed anew.';
