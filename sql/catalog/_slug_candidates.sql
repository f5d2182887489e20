-- The slugs to try for a new row, in order: as given, or the slugified name plain, then with a number, then with a part
-- of the row's id, which nothing else has. Who inserts with `on conflict (slug) do nothing` takes the first free one.
-- Called by other functions only. Locks: none. Events: none. Problems: MK422 catalog.slug_invalid.
create or replace function catalog._slug_candidates(p_slug text, p_name text, p_fallback text, p_id uuid)
returns text[]
language plpgsql
immutable
as $$
declare
  v_base text;
begin
  if p_slug is not null then
    if p_slug !~ '^[a-z0-9]+(-[a-z0-9]+)*$' or length(p_slug) > 120 then
      raise exception 'catalog.slug_invalid' using
        errcode = 'MK422',
        detail = 'A slug is made of lower-case letters and digits, joined by single hyphens, at most 120 characters.',
        hint = 'Leave the slug out to have one made from the name.',
        column = 'slug';
    end if;
    return array[p_slug];
  end if;
  v_base := catalog._slugify(p_name, p_fallback);
  return array[v_base, v_base || '-2', v_base || '-3', v_base || '-' || right(replace(p_id::text, '-', ''), 12)];
end;
$$;
comment on function catalog._slug_candidates(text, text, text, uuid) is 'The slugs to try for a new row, in order.';
