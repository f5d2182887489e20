-- Lets one administrator at a time change the shape of the tree (parents, links). Readers and product writers go on: the
-- lock conflicts with itself and with writes to categories, not with the share locks that products take.
-- Called by other functions only, before any row lock. Locks: catalog.categories (share row exclusive). Events: none.
create or replace function catalog._lock_categories()
returns void
language plpgsql
volatile
as $$
begin
  lock table catalog.categories in share row exclusive mode;
end;
$$;
comment on function catalog._lock_categories() is 'Lets one caller at a time change the shape of the category tree.';
