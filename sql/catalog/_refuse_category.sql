-- Says that there is no such category: in a path (p_field null) or in a request's field.
-- Called by other functions only. Locks: none. Events: none.
-- Problems: MK404 catalog.category_not_found, MK422 catalog.category_unknown.
create or replace function catalog._refuse_category(p_field text)
returns void
language plpgsql
stable
as $$
begin
  if p_field is null then
    raise exception 'catalog.category_not_found' using
      errcode = 'MK404',
      detail = 'There is no category with this id.',
      hint = 'GET /categories lists them.';
  end if;
  raise exception 'catalog.category_unknown' using
    errcode = 'MK422',
    detail = 'There is no category with this id.',
    hint = 'GET /categories lists them.',
    column = p_field;
end;
$$;
comment on function catalog._refuse_category(text) is 'Raises catalog.category_not_found, or category_unknown for a field.';
