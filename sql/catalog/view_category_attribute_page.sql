-- catalog.category_attribute with the cursor of each row, for lists from the root down. The cursor names the attribute,
-- and its line for when it is unlinked before the next page is read.
create or replace view catalog.category_attribute_page as
select a.*, core._encode_cursor(a.attribute_id::text, a.line_no::text) as page_cursor
  from catalog.category_attribute as a;
comment on view catalog.category_attribute_page is 'Attributes of categories as lists return them: with the cursor of each row.';
