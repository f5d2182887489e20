-- The path a category gets below p_parent_id when the deepest category of its subtree is p_height levels below it.
-- Called by other functions only, under catalog._lock_categories. Locks: none of its own. Events: none.
-- Problems: MK422 catalog.category_unknown, catalog.category_cycle, catalog.category_too_deep.
create or replace function catalog._category_path(p_category_id uuid, p_parent_id uuid, p_height integer)
returns uuid[]
language plpgsql
stable
as $$
declare
  v_path uuid[] := '{}';
begin
  if p_parent_id is not null then
    select c.path into v_path from catalog.categories as c where c.category_id = p_parent_id;
    if not found then
      perform catalog._refuse_category('parentId');
    end if;
  end if;
  if p_category_id = any (v_path) then
    raise exception 'catalog.category_cycle' using
      errcode = 'MK422',
      detail = 'A category cannot be below itself.',
      hint = 'Choose a parent that is not the category or one of its descendants.',
      column = 'parentId';
  end if;
  if cardinality(v_path) + 1 + p_height > core._setting_int('catalog.category_depth_max') then
    raise exception 'catalog.category_too_deep' using
      errcode = 'MK422',
      detail = format('The tree has at most %s levels.', core._setting_int('catalog.category_depth_max')),
      hint = 'Choose a parent that is nearer to the root.',
      column = 'parentId';
  end if;
  return v_path || p_category_id;
end;
$$;
comment on function catalog._category_path(uuid, uuid, integer) is 'The path a category gets below a parent; refuses cycles and depth.';
