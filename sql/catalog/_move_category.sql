-- Hangs a category with everything below it under another parent (null = makes it a root).
-- Called by other functions only, under catalog._lock_categories and the category's row lock.
-- Locks: the rows of the subtree. Events: none (the caller's).
-- Problems: those of catalog._category_path, MK409 catalog.attribute_in_use.
create or replace function catalog._move_category(p_category catalog.categories, p_parent_id uuid)
returns void
language plpgsql
volatile
as $$
declare
  v_subtree uuid[];
  v_lost uuid[];
  v_height integer;
  v_path uuid[];
  v_depth constant integer := cardinality(p_category.path);
begin
  select array_agg(c.category_id), max(cardinality(c.path)) - v_depth
    into v_subtree, v_height
    from catalog.categories as c
   where c.path @> array[p_category.category_id];
  v_path := catalog._category_path(p_category.category_id, p_parent_id, v_height);

  -- attributes inherited now and neither inherited nor own afterwards
  select array_agg(l.attribute_id)
    into v_lost
    from catalog.category_attributes as l
   where l.category_id = any (p_category.path[:v_depth - 1])
     and not exists (select 1 from catalog.category_attributes as k
                      where k.attribute_id = l.attribute_id and k.category_id = any (v_path));
  perform catalog._assert_attributes_unused(v_lost, v_subtree);

  update catalog.categories as c
     set path = v_path || c.path[v_depth + 1:],
         parent_id = case when c.category_id = p_category.category_id then p_parent_id else c.parent_id end,
         version = c.version + 1,
         updated_at = core.now()
   where c.category_id = any (v_subtree);
end;
$$;
comment on function catalog._move_category(catalog.categories, uuid) is 'Hangs a category with its subtree under another parent.';
