-- A name as part of a URL: accents dropped, lower case, everything else a hyphen, at most 60 characters.
-- Called by: _create_seller. A name without Latin letters or digits becomes "store".
create or replace function identity._slugify(p_name text)
returns text
language sql
immutable
as $$
  select coalesce(nullif(btrim(left(regexp_replace(
           regexp_replace(lower(normalize(p_name, NFKD)), '[\u0300-\u036f]', '', 'g'),
           '[^a-z0-9]+', '-', 'g'), 60), '-'), ''), 'store');
$$;
comment on function identity._slugify(text) is 'A name as part of a URL; "store" when nothing of it can be.';
