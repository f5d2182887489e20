-- What is wrong with a value of an attribute: {problem code, sentence}, or null when nothing is.
-- Called by other functions only. Locks: none. Events: none. Problems: none (it names them).
create or replace function catalog._attribute_violation(p_definition catalog.attributes, p_value jsonb)
returns text[]
language plpgsql
immutable
as $$
declare
  v_type constant text := p_definition.type;
  v_kind constant text := jsonb_typeof(p_value);
  v_text constant text := p_value #>> '{}';
  v_size numeric;
begin
  if v_kind is distinct from (case v_type when 'number' then 'number' when 'boolean' then 'boolean'
                                          when 'multiselect' then 'array' else 'string' end)
     or (v_type = 'multiselect' and jsonb_path_exists(p_value, 'strict $[*] ? (@.type() != "string")')) then
    return array['catalog.attribute_type_mismatch', format('%s must be a %s.', p_definition.code,
      case v_type when 'multiselect' then 'list of options' when 'select' then 'text (one option)'
                  when 'date' then 'text (YYYY-MM-DD)' else v_type end)];
  end if;
  case v_type
    when 'number', 'text' then
      v_size := case v_type when 'number' then v_text::numeric else length(v_text) end;
      if v_size not between coalesce(p_definition.min_value, case v_type when 'number' then -1e15 else 1 end)
                        and coalesce(p_definition.max_value, case v_type when 'number' then 1e15 else 1000 end)
         or scale(v_size) > 6 then
        return array['catalog.attribute_out_of_range', format('%s%s must be from %s to %s%s.', p_definition.code,
          case v_type when 'text' then '''s length' else '' end,
          coalesce(p_definition.min_value, case v_type when 'number' then -1e15 else 1 end),
          coalesce(p_definition.max_value, case v_type when 'number' then 1e15 else 1000 end),
          case v_type when 'number' then ', with at most 6 decimals' else '' end)];
      end if;
    when 'select' then
      if v_text <> all (p_definition.options) then
        return array['catalog.attribute_option_unknown',
                     format('%s has no option %s.', p_definition.code, left(v_text, 100))];
      end if;
    when 'multiselect' then
      if not coalesce((select bool_and(o.value = any (p_definition.options))
                         from jsonb_array_elements_text(p_value) as o (value)), true) then
        return array['catalog.attribute_option_unknown', format('%s names an option that does not exist.', p_definition.code)];
      end if;
      if jsonb_array_length(p_value) <> (select count(distinct o.value) from jsonb_array_elements_text(p_value) as o (value)) then
        return array['catalog.attribute_option_repeated', format('%s names an option twice.', p_definition.code)];
      end if;
    when 'date' then
      if not catalog._is_date(v_text) then
        return array['catalog.attribute_type_mismatch', format('%s must be a date (YYYY-MM-DD).', p_definition.code)];
      end if;
    else
      null;
  end case;
  return null;
end;
$$;
comment on function catalog._attribute_violation(catalog.attributes, jsonb) is
  'What is wrong with a value of an attribute: problem code and sentence, or null.';
