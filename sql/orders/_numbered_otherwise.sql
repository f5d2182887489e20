-- Baskets of buyers who have several placings in the batch, as they would be if earlier ones of theirs were refused: with smaller
-- order numbers. Promotions that apply only then are in play, too. Private.
create or replace function orders._numbered_otherwise(p_baskets pricing.basket[])
returns setof pricing.basket
language plpgsql
immutable
as $$
begin
  return query
  select b.basket_no, b.buyer_id, b.currency, b.coupon_codes, b.country, b.group_codes, b.order_number - fewer.n
  from (select b.*, row_number() over (partition by b.buyer_id order by b.basket_no) - 1 as earlier
        from unnest(p_baskets) as b) as b
  cross join lateral generate_series(1, b.earlier::integer) as fewer (n)
  where b.order_number is not null;
end
$$;
comment on function orders._numbered_otherwise(pricing.basket[]) is
  'Baskets with the order numbers they would have if earlier placings of the batch were refused.';
