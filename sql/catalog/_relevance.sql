-- How well a product matches a search, as a whole number, so that it can be compared exactly from page to page.
-- Called by other functions only. Locks: none. Events: none. Problems: none.
create or replace function catalog._relevance(p_search tsvector, p_query tsquery)
returns bigint
language sql
immutable
as $$
  select (ts_rank(p_search, p_query) * 1000000000)::bigint;
$$;
comment on function catalog._relevance(tsvector, tsquery) is 'How well a product matches a search, as a whole number.';
