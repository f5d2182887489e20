-- Checks name and position of a category that is about to be written.
-- Called by other functions only. Locks: none. Events: none.
-- Problems: MK422 catalog.category_name_invalid, catalog.position_invalid.
create or replace function catalog._assert_category_fields(p_name text, p_position integer)
returns void
language plpgsql
immutable
as $$
begin
  if coalesce(length(btrim(p_name)), 0) not between 1 and 100 then
    raise exception 'catalog.category_name_invalid' using
      errcode = 'MK422',
      detail = 'A category''s name has 1 to 100 characters.',
      hint = 'Give a name of that length.',
      column = 'name';
  end if;
  if coalesce(p_position, -1) not between 0 and 1000000 then
    raise exception 'catalog.position_invalid' using
      errcode = 'MK422',
      detail = 'A position is a whole number from 0 to 1000000.',
      hint = 'Send such a number, or leave it out.',
      column = 'position';
  end if;
end;
$$;
comment on function catalog._assert_category_fields(text, integer) is 'Checks name and position of a category.';
