begin;
select plan(9);

select test.keep('p', test.draft(test.seller('sam')));
select catalog.create_variants(test.ctx(test.seller('sam')), test.kept('p'),
  '{"axes": {"size": ["S", "M", "L"], "color": ["red", "blue"]}, "skuPrefix": "L", "price": {"amountMinor": 5, "currency": "USD"}}');
select is((select array_agg(offers #>> '{0,sku}') from catalog.list_variants(test.ctx(test.seller('sam')), test.kept('p'), null, null, 100)),
  '{L-RED-S,L-RED-M,L-RED-L,L-BLUE-S,L-BLUE-M,L-BLUE-L}', 'in order of position');
select is((select count(*) from catalog.list_variants(test.ctx(test.seller('sam')), test.kept('p'), null, null, 4)), 5::bigint, 'a page and one row more');
select is((select array_agg(n.offers #>> '{0,sku}')
             from (select page_cursor from catalog.list_variants(test.ctx(test.seller('sam')), test.kept('p'), null, null, 4) offset 3 limit 1) as p,
                  catalog.list_variants(test.ctx(test.seller('sam')), test.kept('p'), null, p.page_cursor, 4) as n), '{L-BLUE-M,L-BLUE-L}', 'the cursor goes on');
select catalog.archive_variant(test.ctx(test.seller('sam')), variant_id) from catalog.offers where sku = 'L-RED-M';
select is((select count(*) from catalog.list_variants(test.ctx(test.admin()), test.kept('p'), null, null, 100)), 5::bigint, 'without archived ones');
select throws_ok(format('select * from catalog.list_variants(test.ctx(%L::uuid), test.kept(%L), null, null, 10)', u, 'p'), 'MK404', 'catalog.product_not_found', 'others do not see those of a draft')
  from unnest(array[null, test.buyer('ben'), test.seller('eve')]) as u;
select throws_ok($$ select * from catalog.list_variants(test.ctx(), core.new_id(), null, null, 10) $$, 'MK404', 'catalog.product_not_found', 'an unknown product');
select throws_ok($$ select * from catalog.list_variants(test.ctx(test.admin()), test.kept('p'), null, core._encode_cursor('x', 'y'), 10) $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');

select * from finish();
rollback;
