-- A category as the API shows it. Read by the category functions and by the reporting role.
create or replace view catalog.category as
select c.category_id, c.parent_id, c.path, c.name, c.slug, c.position, c.version, c.created_at, c.updated_at
  from catalog.categories as c;
comment on view catalog.category is 'The category tree as the API shows it; path holds the ids from the root to the category.';
grant select on catalog.category to tradepost_readonly;
