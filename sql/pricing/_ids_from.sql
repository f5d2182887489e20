-- The ids in a JSON array, sorted and distinct; null for null and for an empty array, which filters nothing. Private.
create or replace function pricing._ids_from(p_ids jsonb)
returns uuid[]
language sql
immutable
as $$
  select array_agg(distinct i.id::uuid order by i.id::uuid)
  from jsonb_array_elements_text(nullif(p_ids, 'null')) as i (id)
$$;
comment on function pricing._ids_from(jsonb) is 'Sorted distinct ids of a JSON array; null when there are none.';
