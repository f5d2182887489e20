-- Says that every candidate slug is taken. Called by other functions only. Locks: none. Events: none.
-- Problems: MK409 catalog.slug_taken.
create or replace function catalog._refuse_slug(p_slug text)
returns void
language plpgsql
stable
as $$
begin
  raise exception 'catalog.slug_taken' using
    errcode = 'MK409',
    detail = format('The slug %s is taken.', p_slug),
    hint = 'Choose another slug, or leave it out to have one made.',
    column = 'slug';
end;
$$;
comment on function catalog._refuse_slug(text) is 'Raises catalog.slug_taken.';
