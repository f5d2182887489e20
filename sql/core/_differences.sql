-- What two descriptions of one thing disagree on, a row per field; "row" when only one of them is there (the other is null).
-- Private. Locks: none.
create or replace function core._differences(p_expected jsonb, p_found jsonb)
returns table (field text, expected text, found text)
language sql
immutable
as $$
  select 'row', case when p_expected is null then 'absent' else 'present' end,
         case when p_found is null then 'absent' else 'present' end
   where (p_expected is null) <> (p_found is null)
  union all
  select e.key, e.value, f.value
    from jsonb_each_text(p_expected) as e
    join jsonb_each_text(p_found) as f on f.key = e.key
   where e.value is distinct from f.value
$$;
comment on function core._differences(jsonb, jsonb) is 'The fields on which two descriptions of one thing disagree.';
