-- Reads the cursor of a product list: {order, product id, price or relevance, title}. One of another order is refused.
-- Called by other functions only. Locks: none. Events: none. Problems: MK400 core.cursor_invalid.
create or replace function catalog._read_product_cursor(p_cursor text, p_sort text)
returns text[]
language plpgsql
stable
as $$
declare
  v_after constant text[] := core._decode_cursor(p_cursor, array['text', 'uuid', 'bigint', 'text']);
begin
  if v_after is not null
     and (v_after[1] is distinct from p_sort
          or v_after[2] is null
          or (v_after[3] is not null) <> (p_sort in ('price_asc', 'price_desc', 'relevance'))
          or (v_after[4] is not null) <> (p_sort = 'title')) then
    raise exception 'core.cursor_invalid' using
      errcode = 'MK400',
      detail = 'The cursor belongs to another order of the list.',
      hint = 'Pass nextCursor of the previous page unchanged, with the same sort.',
      column = 'cursor';
  end if;
  return v_after;
end;
$$;
comment on function catalog._read_product_cursor(text, text) is 'Reads the cursor of a product list.';
