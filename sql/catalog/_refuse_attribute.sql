-- Says that there is no such attribute. Called by other functions only. Locks: none. Events: none.
-- Problems: MK404 catalog.attribute_not_found.
create or replace function catalog._refuse_attribute()
returns void
language plpgsql
stable
as $$
begin
  raise exception 'catalog.attribute_not_found' using
    errcode = 'MK404',
    detail = 'There is no attribute with this id.',
    hint = 'GET /categories/{categoryId}/attributes lists the attributes of a category.';
end;
$$;
comment on function catalog._refuse_attribute() is 'Raises catalog.attribute_not_found.';
