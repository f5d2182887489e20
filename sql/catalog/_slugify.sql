-- A text as it may stand in an address: lower-case latin letters and digits, joined by single hyphens, at most 100 long.
-- A text without any of them becomes p_fallback. Called by other functions only. Locks: none. Events: none. Problems: none.
create or replace function catalog._slugify(p_text text, p_fallback text)
returns text
language sql
immutable
as $$
  select coalesce(nullif(trim(both '-' from
           left(trim(both '-' from regexp_replace(lower(p_text), '[^a-z0-9]+', '-', 'g')), 100)), ''), p_fallback);
$$;
comment on function catalog._slugify(text, text) is 'A text as lower-case latin letters and digits joined by hyphens.';
