-- catalog.variant with the cursor of each row, for lists in order of position.
create or replace view catalog.variant_page as
select v.*, core._encode_cursor(v.position::text, v.variant_id::text) as page_cursor
  from catalog.variant as v;
comment on view catalog.variant_page is 'Variants as lists return them: with the cursor of each row.';
