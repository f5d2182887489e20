-- Keeps the definitions of a category's attributes as they are until the end of the transaction.
-- Called by other functions only. Locks: the category (share), its effective attributes (share, by id).
-- Events: none. Problems: none.
create or replace function catalog._lock_attributes(p_category_id uuid)
returns void
language plpgsql
volatile
as $$
begin
  perform 1 from catalog.categories as c where c.category_id = p_category_id for share;
  perform 1
    from catalog.attributes as a
   where a.attribute_id in (select (e.definition).attribute_id from catalog._effective_attributes(p_category_id) as e)
   order by a.attribute_id
     for share;
end;
$$;
comment on function catalog._lock_attributes(uuid) is 'Keeps the definitions of a category''s attributes as they are.';
