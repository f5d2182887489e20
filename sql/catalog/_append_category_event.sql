-- Appends an event about a category. Administrators and cache keepers read it: the audience is empty.
-- Called by other functions only, under the category's lock. Locks: none. Events: p_type. Problems: none.
create or replace function catalog._append_category_event(
  p_ctx core.call_context, p_type text, p_category_id uuid, p_version integer, p_payload jsonb)
returns void
language plpgsql
volatile
as $$
begin
  perform events._append('category', p_category_id, p_version, p_type, p_ctx.actor_id, p_ctx.request_id, '{}',
                         jsonb_build_object('categoryId', p_category_id) || p_payload);
end;
$$;
comment on function catalog._append_category_event(core.call_context, text, uuid, integer, jsonb) is 'Appends an event about a category.';
