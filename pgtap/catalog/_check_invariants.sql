begin;
select plan(12);

-- Each invariant is broken once, past the functions.
create function pg_temp.broken() returns text[] language sql as $$
  select coalesce(array_agg(distinct v.invariant order by v.invariant), '{}') from catalog._check_invariants() as v;
$$;
select test.keep('p', test.product(test.seller('sam'), 'ACTIVE'));
select is(pg_temp.broken(), '{}', 'all is well');
savepoint well;
update catalog.categories set path = array[category_id] where category_id = test.shirts();
select is(pg_temp.broken(), '{catalog.category_path}', 'a path that is not the parent''s');
rollback to well;
update catalog.offers set price_minor = 5;
select is(pg_temp.broken(), '{catalog.price_range}', 'a price past the product''s range');
rollback to well;
update catalog.offers set status = 'ARCHIVED';
select is(pg_temp.broken(), '{catalog.price_range}', 'an offer gone without the range');
update catalog.products set price_from_minor = null, price_to_minor = null, currency = null;
select is(pg_temp.broken(), '{catalog.active_has_offer}', 'an active product without an offer');
rollback to well;
update catalog.variants set status = 'ARCHIVED';
update catalog.products set price_from_minor = null, price_to_minor = null, currency = null, status = 'INACTIVE';
select is(pg_temp.broken(), '{catalog.history_ends_at_status,catalog.offer_follows_variant}', 'an offer that outlives its variant, a status without history');
rollback to well;
delete from catalog.product_history where action = 'approve';
select is(pg_temp.broken(), '{catalog.history_is_a_chain}', 'a link missing in the history');
rollback to well;
update catalog.product_history set action = 'reject' where action = 'approve';
select is(pg_temp.broken(), '{catalog.history_is_a_chain}', 'a step that no transition allows');
rollback to well;

-- prices
select test.disarm('catalog.price_history');
create function pg_temp.with_price(p_currency text, p_price_minor bigint) returns text[] language sql as $$
  select test.broken('catalog', format(
    'insert into catalog.offer_prices (seller_id, variant_id, currency, price_minor)
     select o.seller_id, o.variant_id, %L, %L from catalog.offers as o join catalog.variants as v using (variant_id)
      where v.product_id = test.kept(''p'')', p_currency, p_price_minor))
$$;
select is(pg_temp.with_price('EUR', 900), '{}', 'a price in another currency');
select ok('catalog.base_price_is_the_offers' = any (pg_temp.with_price('EUR', null)), 'a currency without a price');
select ok('catalog.base_price_is_the_offers' = any (pg_temp.with_price('USD', 900)), 'two prices for one unit');
select is(test.broken('catalog', $$
    delete from catalog.price_history as h using catalog.variants as v where v.variant_id = h.variant_id and v.product_id = test.kept('p') $$),
  '{catalog.price_history_is_complete}', 'a price that nobody wrote down');

select * from finish();
rollback;
