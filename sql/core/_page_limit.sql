-- How many rows a list function fetches: what was asked for, between 1 and 100 (20 when nothing was asked), plus one
-- more row that tells the caller whether there is a next page. Called by other functions only.
-- Locks: none. Events: none. Problems: none.
create or replace function core._page_limit(p_limit integer)
returns integer
language sql
immutable
parallel safe
as $$
  select least(greatest(coalesce(p_limit, 20), 1), 100) + 1
$$;

comment on function core._page_limit(integer) is 'Page size clamped to 1..100, plus one row that shows that there are more.';
