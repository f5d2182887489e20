begin;
select plan(50);

create function pg_temp.titles(p_filter jsonb default '{}', p_user uuid default null) returns text[] language sql as $$
  select array_agg(p.title order by p.n)
    from (select l.title, row_number() over () as n
            from catalog.list_products(test.ctx(p_user), (p_filter ->> 'category')::uuid, (p_filter ->> 'seller')::uuid,
                   coalesce((p_filter ->> 'mine')::boolean, false), p_filter ->> 'status', (p_filter ->> 'min')::bigint,
                   (p_filter ->> 'max')::bigint, p_filter ->> 'currency', p_filter ->> 'q', p_filter ->> 'sort',
                   p_filter ->> 'cursor', coalesce((p_filter ->> 'limit')::integer, 100)) as l) as p;
$$;
-- all pages of a list, one after the other
create function pg_temp.pages(p_filter jsonb, p_user uuid default null) returns text[] language plpgsql as $$
declare
  v_titles text[] := '{}';
  v_row record;
  v_cursor text;
  v_count integer;
begin
  loop
    v_count := 0;
    for v_row in
      select * from catalog.list_products(test.ctx(p_user), (p_filter ->> 'category')::uuid, null,
        coalesce((p_filter ->> 'mine')::boolean, false), null, null, null, p_filter ->> 'currency', p_filter ->> 'q',
        p_filter ->> 'sort', v_cursor, 2)
    loop
      v_count := v_count + 1;
      exit when v_count > 2;
      v_titles := v_titles || v_row.title;
      v_cursor := v_row.page_cursor;
    end loop;
    exit when v_count <= 2;
  end loop;
  return v_titles;
end
$$;
select test.keep('p' || i, test.product(test.seller('sam'), 'ACTIVE', (array['Echo mug', 'Alpha mug', 'Delta cup', 'Beta mug', 'Gamma mug mug mug'])[i]))
  from generate_series(1, 5) as i;
select catalog.update_variant(test.ctx(test.seller('sam')), v.variant_id, 1, 'P-' || i, (array[300, 300, 100, 900, 500])[i], 'USD', null)
  from generate_series(1, 5) as i, catalog.variants as v where v.product_id = test.kept('p' || i);
select test.keep('draft', test.product(test.seller('sam'), 'DRAFT', 'Sams draft'));
select test.keep('eve', test.product(test.seller('eve'), 'DRAFT', 'Eves draft'));
-- who sees what
select is(pg_temp.titles(), '{Gamma mug mug mug,Beta mug,Delta cup,Alpha mug,Echo mug}', 'anybody sees the active ones, newest first');
select is(pg_temp.titles('{"status": "ACTIVE"}'), pg_temp.titles(), 'which they may also ask for');
select is((pg_temp.titles('{"mine": true}', test.seller('sam')))[1], 'Sams draft', 'a store sees its own of every status');
select is(pg_temp.titles(jsonb_build_object('seller', test.seller_id(test.seller('sam')), 'status', 'DRAFT'), test.seller('sam')), '{Sams draft}', 'also by its id, and by status');
select is(pg_temp.titles('{}', test.seller('sam')), pg_temp.titles(), 'but in the common list only the active ones');
select is(pg_temp.titles(jsonb_build_object('seller', test.seller_id(test.seller('eve')))), null, 'nobody sees the drafts of a store');
select is(pg_temp.titles('{"status": "DRAFT"}', test.admin()), '{Eves draft,Sams draft}', 'an administrator sees all');
select is(cardinality(pg_temp.titles('{}', test.admin())), 7, 'of every status');
select throws_ok($$ select pg_temp.titles('{"status": "DRAFT"}') $$, 'MK403', 'catalog.status_not_visible', 'anybody may not ask for drafts');
select throws_ok($$ select pg_temp.titles('{"status": "DRAFT"}', test.seller('sam')) $$, 'MK403', 'catalog.status_not_visible', 'a store only for its own');
select throws_ok($$ select pg_temp.titles(jsonb_build_object('seller', test.seller_id(test.seller('sam')), 'status', 'DRAFT'), test.seller('eve')) $$, 'MK403', 'catalog.status_not_visible', 'not for another''s');
select throws_ok($$ select pg_temp.titles('{"mine": true}') $$, 'MK401', 'identity.unauthenticated', 'mine needs somebody');
select throws_ok($$ select pg_temp.titles('{"mine": true}', test.buyer('ben')) $$, 'MK403', 'identity.role_required', 'who has a store');
-- filters
select is(pg_temp.titles(jsonb_build_object('category', (select parent_id from catalog.categories where category_id = test.shirts()))), pg_temp.titles(), 'a category includes what is below');
select is(pg_temp.titles(jsonb_build_object('category', test.category('Empty'))), null, 'an empty category');
select is(pg_temp.titles(jsonb_build_object('category', core.new_id())), null, 'an unknown category');
select is(pg_temp.titles('{"min": 300, "max": 500, "currency": "USD"}'), '{Gamma mug mug mug,Alpha mug,Echo mug}', 'a range of prices, ends included');
select is(pg_temp.titles('{"currency": "EUR"}'), null, 'another currency');
select throws_ok($$ select pg_temp.titles('{"currency": "USDX"}') $$, 'MK422', 'catalog.currency_unknown', 'one that is none');
select is(pg_temp.titles('{"q": "mugs -alpha", "sort": "newest"}'), '{Gamma mug mug mug,Beta mug,Echo mug}', 'a search knows word forms and exclusion');
select is((pg_temp.titles('{"q": "mug"}'))[1], 'Gamma mug mug mug', 'the best match first');
select is(pg_temp.titles('{"q": "the"}'), null, 'stop words match nothing');
select is(pg_temp.titles('{"q": "\"((& ! :*"}'), null, 'and what is no search neither');
-- orders, and their pages
select is(pg_temp.pages(f), pg_temp.titles(f), 'pages of ' || f::text || ' are the list')
  from unnest(array['{"sort": "newest"}', '{"sort": "oldest"}', '{"sort": "title"}', '{"sort": "price_asc", "currency": "USD"}',
                    '{"sort": "price_desc", "currency": "USD"}', '{"q": "mug"}', '{"q": "mug", "sort": "title"}']::jsonb[]) as f;
select is(pg_temp.titles('{"sort": "oldest"}'), '{Echo mug,Alpha mug,Delta cup,Beta mug,Gamma mug mug mug}', 'oldest');
select is(pg_temp.titles('{"sort": "title"}'), '{Alpha mug,Beta mug,Delta cup,Echo mug,Gamma mug mug mug}', 'title');
select is(pg_temp.titles('{"sort": "price_asc", "currency": "USD"}'), '{Delta cup,Echo mug,Alpha mug,Gamma mug mug mug,Beta mug}', 'cheapest first, the older of equals');
select is(pg_temp.titles('{"sort": "price_desc", "currency": "USD"}'), '{Beta mug,Gamma mug mug mug,Alpha mug,Echo mug,Delta cup}', 'dearest first');
select is(pg_temp.pages('{"mine": true, "sort": "title"}', test.seller('sam')), pg_temp.titles('{"mine": true, "sort": "title"}', test.seller('sam')), 'a store''s own by title');
-- refused
select throws_ok(format('select pg_temp.titles(%L, %s)', v.filter, v.who), 'MK422', 'catalog.' || v.code, v.code)
  from (values ('{"status": "GONE"}', 'null', 'status_invalid'), ('{"sort": "random"}', 'null', 'sort_invalid'),
               ('{"sort": "relevance"}', 'null', 'sort_needs_query'), ('{"sort": "title"}', 'test.admin()', 'sort_needs_status'),
               ('{"min": 5}', 'null', 'currency_required'), ('{"sort": "price_asc"}', 'null', 'currency_required'),
               ('{"min": 5, "max": 4, "currency": "USD"}', 'null', 'price_range_invalid'), ('{"min": -5, "currency": "USD"}', 'null', 'price_range_invalid'),
               (jsonb_build_object('q', repeat('x', 201))::text, 'null', 'query_invalid')) as v (filter, who, code);
select throws_ok(format('select pg_temp.titles(%L)', jsonb_build_object('cursor', c, 'sort', 'newest')), 'MK400', 'core.cursor_invalid', 'a cursor that is not of this list')
  from unnest(array['x', core._encode_cursor('oldest', core.new_id()::text, null, null), core._encode_cursor('newest', null, null, null),
                    core._encode_cursor('newest', core.new_id()::text, '1', null), core._encode_cursor('newest', 'x', null, null)]) as c;
-- the bound of a search
update core.settings set value = 2 where name = 'catalog.search_candidates_max';
select is(cardinality(pg_temp.titles('{"q": "mug"}')), 2, 'no more matches are ranked than the setting says');

select * from finish();
rollback;
