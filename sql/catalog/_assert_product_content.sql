-- Checks what a seller writes about a product. Called by other functions only.
-- Locks: those of catalog._validate_attributes. Events: none.
-- Problems: MK422 catalog.title_invalid, description_invalid, attributes_invalid, category_unknown, and those of
-- catalog._validate_attributes.
create or replace function catalog._assert_product_content(
  p_category_id uuid, p_title text, p_description text, p_attributes jsonb, p_is_complete boolean)
returns void
language plpgsql
volatile
as $$
begin
  if coalesce(length(btrim(p_title)), 0) not between 3 and 200 then
    raise exception 'catalog.title_invalid' using
      errcode = 'MK422',
      detail = 'A title has 3 to 200 characters.',
      hint = 'Give a title of that length.',
      column = 'title';
  end if;
  if coalesce(length(p_description), 20001) > 20000 then
    raise exception 'catalog.description_invalid' using
      errcode = 'MK422',
      detail = 'A description has at most 20000 characters.',
      hint = 'Shorten the description; it may be empty.',
      column = 'description';
  end if;
  if jsonb_typeof(p_attributes) is distinct from 'object' then
    raise exception 'catalog.attributes_invalid' using
      errcode = 'MK422',
      detail = 'Attributes are an object of values by attribute code.',
      hint = 'Send something like {"material": "linen"}, or an empty object.',
      column = 'attributes';
  end if;
  if not exists (select 1 from catalog.categories as c where c.category_id = p_category_id) then
    perform catalog._refuse_category('categoryId');
  end if;
  perform catalog._validate_attributes(p_category_id, p_attributes, p_is_complete);
end;
$$;
comment on function catalog._assert_product_content(uuid, text, text, jsonb, boolean) is 'Checks what a seller writes about a product.';
