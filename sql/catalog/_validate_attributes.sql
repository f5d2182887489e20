-- Refuses attribute values that the category's definitions do not allow. The first violation gives code and field, the
-- sentence tells all of them. Called by other functions only.
-- Locks: the category's attributes (share, by id), so that a definition cannot change under a writer. Events: none.
-- Problems: MK422 catalog.attribute_unknown, attribute_required, attribute_type_mismatch, attribute_out_of_range,
-- attribute_option_unknown, attribute_option_repeated.
create or replace function catalog._validate_attributes(p_category_id uuid, p_attributes jsonb, p_is_complete boolean)
returns void
language plpgsql
volatile
as $$
declare
  v_problem text;
  v_field text;
  v_sentences text;
begin
  perform catalog._lock_attributes(p_category_id);
  select (array_agg(v.problem))[1], (array_agg(v.code))[1], string_agg(v.sentence, ' ')
    into v_problem, v_field, v_sentences
    from catalog._attribute_violations(p_category_id, p_attributes, p_is_complete) as v;
  if v_problem is not null then
    raise exception using
      errcode = 'MK422',
      message = v_problem,
      detail = left(v_sentences, 2000),
      hint = 'GET /categories/{id}/attributes tells what the category asks for.',
      column = left('attributes/' || v_field, 120);
  end if;
end;
$$;
comment on function catalog._validate_attributes(uuid, jsonb, boolean) is
  'Refuses attribute values that the category''s definitions do not allow.';
