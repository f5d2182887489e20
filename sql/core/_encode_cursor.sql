-- The place of a row in a list, as opaque text for URLs: base64url over the JSON array of its sort keys, in order.
-- A null key stays null. Timestamps are passed as text (`created_at::text`), which keeps their full precision.
-- Called by other functions only. Locks: none. Events: none. Problems: none.
create or replace function core._encode_cursor(variadic p_keys text[])
returns text
language sql
stable
parallel safe
as $$
  select translate(encode(convert_to(to_json(p_keys)::text, 'UTF8'), 'base64'), E'+/=\n', '-_')
$$;

comment on function core._encode_cursor(text[]) is 'The sort keys of a row as an opaque cursor; _decode_cursor reads it back.';
